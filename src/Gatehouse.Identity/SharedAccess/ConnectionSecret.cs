using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Keys;

namespace Gatehouse.Identity.SharedAccess;

/// <summary>The secret part of a connection string that the server writes for its own operator.</summary>
public static class ConnectionSecret
{
    /// <summary>The policy's key; where keys stay in an HSM a token that it signed, as the SDKs take one too.</summary>
    /// <param name="vault">Holds the key.</param>
    /// <param name="key">Primary key of the policy.</param>
    /// <param name="binding">What it is sealed for.</param>
    /// <param name="policy">Its name.</param>
    /// <param name="resource">Host name that a token is for.</param>
    /// <param name="end">When a token ends.</param>
    /// <returns><c>SharedAccessKey=…</c> or <c>SharedAccessSignature=SharedAccessSignature sr=…</c>.</returns>
    /// <exception cref="KeysException">The key does not open, or the HSM cannot be reached.</exception>
    public static string Of(SecretVault vault, SealedSecret key, string binding, string policy, string resource, DateTimeOffset end)
    {
        if (!vault.Custody.IsHsmOnly)
        {
            var clear = vault.Reveal(key, binding);
            var text = $"SharedAccessKey={Convert.ToBase64String(clear)}";
            CryptographicOperations.ZeroMemory(clear);
            return text;
        }

        var (scope, seconds) = (Uri.EscapeDataString(resource), end.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        Span<byte> mac = stackalloc byte[SharedAccessToken.SignatureBytes];
        return vault.TryHmacSha256(key, binding, Encoding.ASCII.GetBytes($"{scope}\n{seconds}"), mac)
            ? $"SharedAccessSignature=SharedAccessSignature sr={scope}&sig={Uri.EscapeDataString(Convert.ToBase64String(mac))}&se={seconds}&skn={Uri.EscapeDataString(policy)}"
            : throw new KeysException($"The key of the policy '{policy}' does not open: it was altered, moved to another row, or sealed under keys that are not here.");
    }
}
