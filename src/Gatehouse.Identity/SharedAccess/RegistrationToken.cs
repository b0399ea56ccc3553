using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Keys;

namespace Gatehouse.Identity.SharedAccess;

/// <summary>The token with which a device registers at a provisioning service: <c>sr={idScope}/registrations/{registrationId}</c>, <c>skn=registration</c>.</summary>
/// <remarks>Signed over <c>sr</c> exactly as received. Source: Device Provisioning Service "Symmetric key attestation" page; its test vector is in RegistrationTokenTests.</remarks>
public sealed class RegistrationToken
{
    /// <summary>The key that signed, where it is the first of the two.</summary>
    public const string PrimaryKey = "primaryKey";

    /// <summary>The key that signed, where it is the second.</summary>
    public const string SecondaryKey = "secondaryKey";

    private const string DecoyBinding = "registration/decoy";

    private readonly SharedAccessToken token;
    private readonly byte[] signed;

    private RegistrationToken(SharedAccessToken token)
    {
        this.token = token;
        signed = Encoding.ASCII.GetBytes($"{token.Resource}\n{token.ExpiryText}");
    }

    public DateTimeOffset ExpiresAt => TokenLifetime.End(token.Expiry);

    /// <param name="text">What the device sent.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="parsed">The token.</param>
    /// <param name="fault">What is wrong with it, for the operator.</param>
    public static bool TryParse(string text, IdentityOptions options, [NotNullWhen(true)] out RegistrationToken? parsed, out string fault)
    {
        parsed = SharedAccessToken.TryParse(text, options.MaxTokenCharacters, out var token, out fault) ? new RegistrationToken(token) : null;
        return parsed is not null;
    }

    /// <summary>Whether the token is made for this registration; ids and scopes are compared without regard to case.</summary>
    /// <param name="idScope">Scope that was addressed.</param>
    /// <param name="registrationId">Who registers.</param>
    public bool IsFor(string idScope, string registrationId) =>
        PercentText.TryDecode(token.Resource.Span, out var resource)
        && resource.Equals($"{idScope}/registrations/{registrationId}", StringComparison.OrdinalIgnoreCase);

    /// <summary>Seconds since its end, when the clock allowance is used up; null while it is good.</summary>
    public ulong? SecondsLate(DateTimeOffset now, IdentityOptions options) => TokenLifetime.SecondsLate(token.Expiry, now, options.ClockAllowance);

    /// <summary>Whether one of the enrollment's own keys signed: <see cref="PrimaryKey"/>, <see cref="SecondaryKey"/>, or null. Takes the same time for either.</summary>
    public string? SignedBy(SecretVault vault, SealedSecret primary, SealedSecret secondary, string binding) =>
        Name(Matches(vault, primary, binding), Matches(vault, secondary, binding));

    /// <summary>Whether this very key signed: the nonce that a TPM was asked to sign with.</summary>
    public bool SignedWith(ReadOnlySpan<byte> key)
    {
        Span<byte> mac = stackalloc byte[SharedAccessToken.SignatureBytes];
        HMACSHA256.HashData(key, signed, mac);
        return CryptographicOperations.FixedTimeEquals(mac, token.Signature);
    }

    /// <summary>Whether a key derived from one of a group's keys signed. The key of a group itself opens nothing.</summary>
    /// <param name="vault">Opens the keys.</param>
    /// <param name="primary">Key of the group.</param>
    /// <param name="secondary">Its other key.</param>
    /// <param name="binding">What they are sealed with.</param>
    /// <param name="registrationId">As the device spells it: it is what its key was derived from.</param>
    public string? SignedByDerived(SecretVault vault, SealedSecret primary, SealedSecret secondary, string binding, string registrationId) =>
        Name(MatchesDerived(vault, primary, binding, registrationId), MatchesDerived(vault, secondary, binding, registrationId));

    /// <summary>The work of a judgement where there is nothing to judge by; how long an answer takes must not tell.</summary>
    public void CheckDecoy(SecretVault vault)
    {
        var decoy = vault.Seal(RandomNumberGenerator.GetBytes(32), DecoyBinding);
        _ = SignedBy(vault, decoy, decoy, DecoyBinding);
    }

    /// <summary>The key of one device of a group, base64.</summary>
    public static string? Derive(SecretVault vault, SealedSecret key, string binding, string registrationId)
    {
        Span<byte> derived = stackalloc byte[SharedAccessToken.SignatureBytes];
        var text = TryDerive(vault, key, binding, registrationId, derived) ? Convert.ToBase64String(derived) : null;
        CryptographicOperations.ZeroMemory(derived);
        return text;
    }

    public override string ToString() => "SharedAccessSignature ***";

    private static bool TryDerive(SecretVault vault, SealedSecret key, string binding, string registrationId, Span<byte> derived) =>
        vault.TryHmacSha256(key, binding, Encoding.UTF8.GetBytes(registrationId), derived);

    private static string? Name(bool isPrimary, bool isSecondary) => isPrimary ? PrimaryKey : isSecondary ? SecondaryKey : null;

    private bool Matches(SecretVault vault, SealedSecret key, string binding)
    {
        Span<byte> mac = stackalloc byte[SharedAccessToken.SignatureBytes];
        return vault.TryHmacSha256(key, binding, signed, mac) && CryptographicOperations.FixedTimeEquals(mac, token.Signature);
    }

    private bool MatchesDerived(SecretVault vault, SealedSecret key, string binding, string registrationId)
    {
        Span<byte> derived = stackalloc byte[SharedAccessToken.SignatureBytes];
        Span<byte> mac = stackalloc byte[SharedAccessToken.SignatureBytes];
        if (!TryDerive(vault, key, binding, registrationId, derived))
        {
            return false;
        }

        HMACSHA256.HashData(derived, signed, mac);
        CryptographicOperations.ZeroMemory(derived);
        return CryptographicOperations.FixedTimeEquals(mac, token.Signature);
    }
}
