using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Sinks.Webhooks;

/// <summary><c>Gatehouse-Signature: t={Unix seconds},v1={hex}</c>: HMAC-SHA-256 under a secret of <c>{t}.{body}</c>.</summary>
internal static class WebhookSignature
{
    internal const string Header = "Gatehouse-Signature";

    internal static string Make(string secret, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var at = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hash.AppendData(Encoding.ASCII.GetBytes(at + "."));
        hash.AppendData(body);
        return $"t={at},v1={Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }
}
