using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.UseTracking;

/// <summary>What would go away: a credential as <see cref="CredentialSelector"/> names it, or what clients trust in the server: <c>server-issuer/{name of the CA}</c>.</summary>
internal sealed record RadarChange
{
    internal const string ServerIssuerPrefix = "server-issuer/";

    private readonly CredentialSelector? selector;
    private readonly string? serverIssuer;

    private RadarChange(string text, CredentialSelector? selector, string? serverIssuer) => (Text, this.selector, this.serverIssuer) = (text, selector, serverIssuer);

    internal string Text { get; }

    /// <summary>SHA-256 of the CA that goes away; null for what is no certificate.</summary>
    internal string? Authority { get; private init; }

    /// <summary>Whether it is the tokens of devices altogether: how a device is registered decides then, not what it did.</summary>
    internal bool IsAnyToken => selector?.Kind == SelectorKind.AnyToken;

    /// <summary>Names of the CAs above the certificates that the server may show now or next.</summary>
    internal IReadOnlyList<string> ServerIssuers { get; init; } = [];

    internal static Result<RadarChange> Parse(string? text)
    {
        if (text?.StartsWith(ServerIssuerPrefix, StringComparison.Ordinal) == true && text.Length > ServerIssuerPrefix.Length)
        {
            return new RadarChange(text, null, text[ServerIssuerPrefix.Length..]);
        }

        var selector = CredentialSelector.Parse(text);
        return selector.IsOk
            ? new RadarChange(selector.Value.Text, selector.Value, null) { Authority = AuthorityOf(selector.Value) }
            : HubErrors.ArgumentInvalid.With($"{selector.Error.Message} The radar also knows ca/NAME and server-issuer/NAME.");
    }

    /// <summary>Whether back ends are concerned as devices are.</summary>
    internal bool ConcernsBackEnds => serverIssuer is not null || selector is { Kind: SelectorKind.OldTls or SelectorKind.BothOfPolicy } || selector?.Name.StartsWith(CredentialName.PolicyPrefix, StringComparison.Ordinal) == true;

    /// <summary>Whether an identity that was never seen may need it.</summary>
    internal bool MayConcern(CredentialKind kind) => selector switch
    {
        _ when kind == CredentialKind.None => false,
        null or { Kind: SelectorKind.OldTls } => true,
        { Name: CredentialName.PrimaryThumbprint or CredentialName.SecondaryThumbprint } => kind == CredentialKind.SelfSigned,
        _ when Authority is not null => kind == CredentialKind.CertificateAuthority,
        _ => kind == CredentialKind.Sas,
    };

    internal bool Matches(CredentialUse use) => selector?.Kind switch
    {
        null => use.ServerIssuer == serverIssuer && (use.OtherServerIssuer is not { } other || !ServerIssuers.Contains(other)),
        SelectorKind.One => use.Credential == selector.Name,
        SelectorKind.BothOfPolicy => use.Credential.StartsWith($"{CredentialName.PolicyPrefix}{selector.Name}/", StringComparison.Ordinal),
        SelectorKind.Certificate => use.Credential == CredentialName.OfAuthority(selector.Name) || use.Shown.Contains(selector.Name),
        SelectorKind.OldTls => use.TlsVersion is not (null or WaitingUse.NewTls),
        _ => use.Credential is CredentialName.PrimaryKey or CredentialName.SecondaryKey || use.Credential.StartsWith(CredentialName.PolicyPrefix, StringComparison.Ordinal),
    };

    /// <summary>Null when an open session does not tell.</summary>
    internal bool? Matches(LiveUse live) => selector?.Matches(live);

    private static string? AuthorityOf(CredentialSelector selector) =>
        selector.Kind == SelectorKind.Certificate ? selector.Name
        : selector.Name.StartsWith(CredentialName.AuthorityPrefix, StringComparison.Ordinal) ? selector.Name[CredentialName.AuthorityPrefix.Length..]
        : null;
}
