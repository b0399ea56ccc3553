using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Cli.Connecting;

/// <summary>Makes tokens as the SDKs do: <c>SharedAccessSignature sr=…&amp;sig=…&amp;se=…[&amp;skn=…]</c>.</summary>
/// <remarks>Source: IoT Hub "Control access with shared access signatures" page.</remarks>
internal static class SharedAccessToken
{
    /// <param name="resource">Host, or host and path; not yet percent-encoded.</param>
    /// <param name="key">Signs.</param>
    /// <param name="policyName">Null for a device's own key.</param>
    /// <param name="expiry">End.</param>
    internal static string Make(string resource, byte[] key, string? policyName, DateTimeOffset expiry) => Make(resource, message => HMACSHA256.HashData(key, message), policyName, expiry);

    /// <summary>The same with a key that is elsewhere.</summary>
    /// <param name="resource">Host, or host and path; not yet percent-encoded.</param>
    /// <param name="sign">HMAC-SHA-256.</param>
    /// <param name="policyName">Null for a device's own key.</param>
    /// <param name="expiry">End.</param>
    internal static string Make(string resource, Func<byte[], byte[]> sign, string? policyName, DateTimeOffset expiry)
    {
        var scope = Uri.EscapeDataString(resource);
        var end = expiry.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(sign(Encoding.ASCII.GetBytes($"{scope}\n{end}")));
        var name = policyName is null ? "" : $"&skn={Uri.EscapeDataString(policyName)}";
        return $"SharedAccessSignature sr={scope}&sig={Uri.EscapeDataString(signature)}&se={end}{name}";
    }
}
