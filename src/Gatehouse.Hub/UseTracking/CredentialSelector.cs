using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.UseTracking;

/// <summary>What of a hub's credentials is meant: one of them, or all of a kind.</summary>
/// <remarks>
/// Texts: <c>primaryKey</c>, <c>secondaryKey</c>, <c>primaryThumbprint</c>, <c>secondaryThumbprint</c> (of devices and modules), <c>policy/{name}</c> (both keys),
/// <c>policy/{name}/primaryKey</c>, <c>policy/{name}/secondaryKey</c>, <c>authority/{SHA-256}</c> (the CA that paths end at), <c>certificate/{SHA-256}</c> (that CA, or a certificate that devices send beside their own),
/// <c>tls/1.2</c> (TLS before 1.3), <c>sas</c> (any token).
/// </remarks>
public sealed record CredentialSelector
{
    private const string CertificatePrefix = "certificate/";
    private const string OldTls = "tls/1.2";
    private const string AnyToken = "sas";

    private CredentialSelector(string text, SelectorKind kind, string name = "") => (Text, Kind, Name) = (text, kind, name);

    public string Text { get; }

    internal SelectorKind Kind { get; }

    /// <summary>Name of the credential, of the policy, or thumbprint.</summary>
    internal string Name { get; }

    /// <summary>ArgumentInvalid says what is allowed.</summary>
    public static Result<CredentialSelector> Parse(string? text)
    {
        switch (text)
        {
            case CredentialName.PrimaryKey or CredentialName.SecondaryKey or CredentialName.PrimaryThumbprint or CredentialName.SecondaryThumbprint:
                return new CredentialSelector(text, SelectorKind.One, text);
            case OldTls:
                return new CredentialSelector(text, SelectorKind.OldTls);
            case AnyToken:
                return new CredentialSelector(text, SelectorKind.AnyToken);
            default:
                return ParsePrefixed(text) is { } selector ? selector : HubErrors.ArgumentInvalid.With(
                    "credential must be primaryKey, secondaryKey, primaryThumbprint, secondaryThumbprint, policy/NAME, policy/NAME/primaryKey, policy/NAME/secondaryKey, authority/SHA-256, certificate/SHA-256, tls/1.2 or sas.");
        }
    }

    /// <summary>Whether somebody who is connected stands on it.</summary>
    internal bool Matches(LiveUse live)
    {
        var by = live.Principal.CredentialName;
        return Kind switch
        {
            SelectorKind.One => by == Name,
            SelectorKind.BothOfPolicy => live.Principal.PolicyName == Name,
            SelectorKind.Certificate => by == CredentialName.OfAuthority(Name) || live.Principal.Certificates?.Path?.Shown.Contains(Name, StringComparison.Ordinal) == true,
            SelectorKind.OldTls => live.TlsVersion is not (null or WaitingUse.NewTls),
            _ => live.Principal.Method is AuthenticationMethod.IdentityKey or AuthenticationMethod.PolicyKey,
        };
    }

    public override string ToString() => Text;

    private static CredentialSelector? ParsePrefixed(string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (After(text, CredentialName.AuthorityPrefix) is { } authority)
        {
            return CertificateMark.TryParse(authority, out var mark) ? new CredentialSelector(CredentialName.OfAuthority(mark.ToString()), SelectorKind.One, CredentialName.OfAuthority(mark.ToString())) : null;
        }

        if (After(text, CertificatePrefix) is { } certificate)
        {
            return CertificateMark.TryParse(certificate, out var mark) ? new CredentialSelector(CertificatePrefix + mark, SelectorKind.Certificate, mark.ToString()) : null;
        }

        return After(text, CredentialName.PolicyPrefix)?.Split('/') switch
        {
            [{ Length: > 0 } name] => new CredentialSelector(text, SelectorKind.BothOfPolicy, name),
            [{ Length: > 0 } name, CredentialName.PrimaryKey or CredentialName.SecondaryKey] => new CredentialSelector(text, SelectorKind.One, text),
            _ => null,
        };
    }

    private static string? After(string text, string prefix) => text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : null;
}

/// <summary>Ways to mean credentials.</summary>
internal enum SelectorKind
{
    One,
    BothOfPolicy,
    Certificate,
    OldTls,
    AnyToken,
}
