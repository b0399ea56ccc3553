using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Keys;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SharedAccess;

/// <summary>Checks HMAC-SHA-256 of <c>{sr}\n{se}</c> against the keys of an identity or a policy.</summary>
/// <remarks>
/// A token that is refused has cost two HMACs and two fixed-time comparisons, whether the owner exists or not: an absent key is replaced by a decoy.
/// Only one that the first key signed is done earlier, and tells whoever made it what it knows.
/// </remarks>
internal sealed class TokenSignature(SecretVault vault, ILogger log)
{
    private const string DecoyBinding = "identity/decoy";

    // Bytes: every sr that an SDK makes is shorter.
    private const int OnStack = 512;

    // Not made in the constructor: composition must not need an open vault. An HSM that was away when it was first wanted is asked again.
    private readonly Lazy<SealedSecret> decoy = new(() => vault.Seal(RandomNumberGenerator.GetBytes(32), DecoyBinding), LazyThreadSafetyMode.PublicationOnly);

    internal KeyMatch Check(SharedAccessToken token, SealedSecret? primary, SealedSecret? secondary, string binding) =>
        Check(token, token.Resource.Span, primary, secondary, binding, isText: false);

    /// <summary>The same for Event Hubs clients, whose <c>sr</c> is <c>sb://…</c>: they take the text of the key, as it stands in the connection string, for the key.</summary>
    internal KeyMatch CheckTextKey(SharedAccessToken token, SealedSecret? primary, SealedSecret? secondary, string binding) =>
        PercentText.TryDecode(token.Resource.Span, out var decoded) && decoded.AsSpan().StartsWith("sb://", StringComparison.OrdinalIgnoreCase)
            ? Check(token, token.Resource.Span, primary, secondary, binding, isText: true)
            : KeyMatch.None;

    /// <summary>The same over the decoded <c>sr</c>: some back-end tools sign before they encode.</summary>
    internal KeyMatch CheckDecoded(SharedAccessToken token, SealedSecret? primary, SealedSecret? secondary, string binding) =>
        token.Resource.Span.Contains('%') && PercentText.TryDecode(token.Resource.Span, out var decoded)
            ? Check(token, decoded, primary, secondary, binding, isText: false)
            : KeyMatch.None;

    /// <summary>The work of <see cref="Check(SharedAccessToken, SealedSecret?, SealedSecret?, string)"/> for an owner that does not exist. False when keys are out of reach: the answer must then be that for an owner who does.</summary>
    internal bool CheckDecoy(SharedAccessToken token) => Check(token, null, null, DecoyBinding) != KeyMatch.OutOfReach;

    private KeyMatch Check(SharedAccessToken token, ReadOnlySpan<char> resource, SealedSecret? primary, SealedSecret? secondary, string binding, bool isText)
    {
        // Both parts are ASCII: the parser saw to it.
        var length = resource.Length + 1 + token.ExpiryText.Length;
        var message = length <= OnStack ? stackalloc byte[OnStack] : new byte[length];
        var written = Encoding.ASCII.GetBytes(resource, message);
        message[written++] = (byte)'\n';
        written += Encoding.ASCII.GetBytes(token.ExpiryText.Span, message[written..]);
        var signed = message[..written];
        try
        {
            return Check(token, signed, primary, secondary, binding, isText);
        }
        catch (KeysException error) when (error.Fault == KeysFault.Unavailable)
        {
            IdentityLog.KeysOutOfReach(log, error.Message);
            return KeyMatch.OutOfReach;
        }
    }

    private KeyMatch Check(SharedAccessToken token, ReadOnlySpan<byte> signed, SealedSecret? primary, SealedSecret? secondary, string binding, bool isText)
    {
        var first = Matches(token, signed, primary, binding, isText);
        if (first == true)
        {
            return KeyMatch.Primary;
        }

        var second = Matches(token, signed, secondary, binding, isText);
        return second == true ? KeyMatch.Secondary
            : first is null || second is null ? KeyMatch.Unusable
            : KeyMatch.None;
    }

    /// <returns>Null when the stored key does not open.</returns>
    private bool? Matches(SharedAccessToken token, ReadOnlySpan<byte> signed, SealedSecret? key, string binding, bool isText)
    {
        Span<byte> mac = stackalloc byte[SharedAccessToken.SignatureBytes];
        var isReal = key is not null;
        var (tried, under) = (key ?? decoy.Value, isReal ? binding : DecoyBinding);
        if (!(isText ? vault.TryHmacSha256OfText(tried, under, signed, mac) : vault.TryHmacSha256(tried, under, signed, mac)))
        {
            if (isReal)
            {
                IdentityLog.KeyDoesNotOpen(log, binding);
            }

            return isReal ? null : false;
        }

        var matches = CryptographicOperations.FixedTimeEquals(mac, token.Signature);
        CryptographicOperations.ZeroMemory(mac);
        return matches && isReal;
    }
}
