using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Identity.SharedAccess;

namespace Gatehouse.Identity.Peers;

/// <summary>Judges what a connection brings: finds out whose it can be and asks the authenticators. Keeps nothing.</summary>
internal sealed class PeerJudge(PeerProofSource source, PeerOrigin origin, PeerRefusals refusals)
{
    private IdentityOptions Options => source.Parts.Options;

    /// <summary>The host to address a proof's hub by.</summary>
    internal static HubEntry? HubOf(Proof proof, ICredentialSource credentials) => proof switch
    {
        Proof.OfPolicy policy => policy.Hub,
        Proof.OfIdentity identity => credentials.FindHub(identity.Login.HostName),
        _ => null,
    };

    internal static string[] PathOf(IdentityKey identity) =>
        identity.Module is { } module ? ["devices", identity.Device.Value, "modules", module.Value] : ["devices", identity.Device.Value];

    /// <summary>An identity by a policy's token.</summary>
    internal Proof.OfIdentity Acting(Proof.OfPolicy proof, IdentityKey identity) => new(Login(proof.HostName, identity, proof.Text, null));

    /// <summary>Whether a token may still open something new: as at CONNECT, the clock's allowance counts and the grace of what is open does not.</summary>
    internal bool IsInTime(Principal principal) =>
        principal.ExpiresAt is not { } end || TokenLifetime.SecondsLate((ulong)Math.Max(0, end.ToUnixTimeSeconds()), source.Parts.Time.GetUtcNow(), Options.ClockAllowance) is null;

    /// <summary>SASL PLAIN.</summary>
    internal async ValueTask<TokenVerdict> PlainAsync(string userName, string password, CancellationToken cancellationToken)
    {
        if (userName.Length > Options.MaxTokenCharacters || PeerNames.OfPlain(userName) is not { } user)
        {
            return Malformed(null, "The user name is none of {id}@sas.{hub}, {id}/modules/{id}@sas.{hub} and {policy}@sas.root.{hub}.");
        }

        if (source.Parts.Credentials.FindHubByLabel(user.HubLabel) is not { } hub)
        {
            return new TokenVerdict.Refused(refusals.ReportUnjudged(null, user.Policy ?? user.Identities[0].ToString(), Refuse.UnknownHub(user.HubLabel)));
        }

        var host = hub.HostNames[0];
        if (user.Policy is null)
        {
            return await IdentityAsync(hub, host, user.Identities, password, cancellationToken);
        }

        if (!TryRead(password, out var token, out var refused))
        {
            return Malformed(user.Policy, refused);
        }

        return token.PolicyName == user.Policy
            ? await PolicyAsync(new ProofPlace(hub.Name, null, ""), new Proof.OfPolicy(hub, host, password, token), cancellationToken)
            : Malformed(user.Policy, $"The token is one of the policy {Refuse.Quote(token.PolicyName)}, and the user name says another.");
    }

    /// <summary>A token of <c>$cbs</c>.</summary>
    internal async ValueTask<TokenVerdict> TokenAsync(string audience, string text, CancellationToken cancellationToken)
    {
        if (audience.Length > Options.MaxTokenCharacters)
        {
            return Malformed(null, $"The audience has {audience.Length} characters, {Options.MaxTokenCharacters} are allowed.");
        }

        var wanted = TokenScope.Parse(audience);
        if (source.Parts.Credentials.FindHub(wanted.Host) is not { } hub)
        {
            return new TokenVerdict.Refused(refusals.ReportUnjudged(null, null, Refuse.UnknownHub(wanted.Host)));
        }

        if (!TryRead(text, out var token, out var fault))
        {
            return Malformed(null, fault, hub);
        }

        if (token.PolicyName is not null)
        {
            var place = new ProofPlace(hub.Name, null, string.Join('/', wanted.Path));
            return await PolicyAsync(place, new Proof.OfPolicy(hub, OwnName(hub, wanted.Host), text, token), cancellationToken);
        }

        var identities = PeerNames.OfPath(wanted.Path);
        return identities.Count == 0
            ? Malformed(null, $"The token names no shared access policy (skn), and the audience {Refuse.Quote(audience)} no device or module whose key could have signed it.", hub)
            : await IdentityAsync(hub, wanted.Host, identities, text, cancellationToken);
    }

    /// <summary>Whether a link may be an identity by the given proof, or by the client certificate.</summary>
    /// <param name="hub">Its hub.</param>
    /// <param name="identity">Whose link it is.</param>
    /// <param name="root">Best token at hand: its own that is late, or a policy's; null when there is none.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    internal async ValueTask<ActVerdict> ActAsync(HubEntry hub, IdentityKey identity, RootGrant? root, CancellationToken cancellationToken)
    {
        Verdict? byToken = null;
        if (root?.Proof is { } proof)
        {
            var login = proof is Proof.OfPolicy policy ? Acting(policy, identity).Login : ((Proof.OfIdentity)proof).Login;
            byToken = await source.Devices.AuthenticateAsync(login with { CountsForBackoff = true }, cancellationToken);
            if (byToken is Verdict.Accepted accepted && proof is Proof.OfPolicy)
            {
                return new ActVerdict.ByPolicy(accepted.Principal);
            }
        }

        // Also without a certificate: who it claims to be, and what is missing, is said by the same rules.
        if (byToken is not Verdict.Refused || origin.Certificate is not null)
        {
            var login = Login(hub.HostNames[0], identity, null, origin.Certificate);
            switch (await source.Devices.AuthenticateAsync(login with { CountsForBackoff = true }, cancellationToken))
            {
                case Verdict.Accepted good:
                    return new ActVerdict.ByCertificate(new Proof.OfIdentity(login), good.Principal);
                case Verdict.Refused refused:
                    return new ActVerdict.Refused(byToken as Verdict.Refused ?? refused);
                default:
                    break;
            }
        }

        return new ActVerdict.Refused((Verdict.Refused)byToken!);
    }

    /// <summary>A proof once more, after a change. Null when it cannot be told whether it holds.</summary>
    internal async ValueTask<Verdict> AgainAsync(Proof proof, Principal before)
    {
        try
        {
            var verdict = await proof.JudgeAsync(source, CancellationToken.None);
            return verdict switch
            {
                Verdict.Accepted { Principal: var now } when now.GenerationId != before.GenerationId => PeerWords.Replaced(before),
                Verdict.Refused refused => PeerWords.AfterChange(refused),
                _ => verdict,
            };
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            IdentityLog.JudgeAgainFailed(source.Parts.Log, before.Hub.Value, PeerWords.Name(before), error);
            return new Verdict.Refused(RefusalReason.CredentialMissing, HubErrors.ServiceUnavailable, "The right of open links could not be judged again after a change; they were detached. See the server's log.");
        }
    }

    // As it is kept, to be judged again: only first judgements count for back-off.
    private DeviceLogin Login(string host, IdentityKey identity, string? token, PeerCertificate? certificate) =>
        new(host, identity, token, certificate) { RemoteAddress = origin.Address, CountsForBackoff = false };

    private async ValueTask<TokenVerdict> IdentityAsync(HubEntry hub, string host, IReadOnlyList<IdentityKey> readings, string text, CancellationToken cancellationToken)
    {
        for (var i = 0; ; i++)
        {
            // Only the last reading counts for back-off: the others are ours, not the peer's.
            var isLast = i == readings.Count - 1;
            var login = Login(host, readings[i], text, null);
            var changes = source.Changes;
            var isPutOff = !isLast && origin.Address is { } address && source.Parts.Backoff?.IsBackedOff(address, readings[i]) == true;
            var verdict = isPutOff ? null : await source.Devices.AuthenticateAsync(login with { CountsForBackoff = isLast }, cancellationToken);
            if (verdict is Verdict.Accepted accepted)
            {
                return new TokenVerdict.Accepted(new ProofPlace(hub.Name, readings[i], ""), new Proof.OfIdentity(login), new Judgement(accepted.Principal, changes));
            }

            if (isLast)
            {
                return new TokenVerdict.Refused(refusals.Report(hub.Name, readings[i].ToString(), (Verdict.Refused)verdict!));
            }
        }
    }

    private async ValueTask<TokenVerdict> PolicyAsync(ProofPlace place, Proof.OfPolicy proof, CancellationToken cancellationToken)
    {
        var name = proof.Token.PolicyName;
        if (origin.Address is { } address && source.Parts.Backoff?.IsBackedOff(address) == true)
        {
            return new TokenVerdict.Refused(refusals.Report(place.Hub, name, Refuse.Policy(RefusalReason.BackedOff, $"{address} was refused too often; its token was not looked at. See the refusals before this one.")));
        }

        var changes = source.Changes;
        return await proof.JudgeAsync(source, cancellationToken) switch
        {
            Verdict.Accepted accepted => new TokenVerdict.Accepted(place, proof, new Judgement(accepted.Principal, changes)),
            Verdict.Refused refused => new TokenVerdict.Refused(refusals.ReportUnjudged(place.Hub, name, refused)),
            _ => throw new InvalidOperationException("A verdict of an unknown kind."),
        };
    }

    // The hub's own copy of its name: a proof is kept as long as its connection.
    private static string OwnName(HubEntry hub, string host) => hub.HostNames.FirstOrDefault(name => name == host) ?? host;

    private bool TryRead(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SharedAccessToken? token, out string fault)
    {
        if (SharedAccessToken.TryParse(text, Options.MaxTokenCharacters, out token, out fault))
        {
            return true;
        }

        fault = $"The SAS token cannot be read: {fault}.";
        return false;
    }

    private TokenVerdict.Refused Malformed(string? claimed, string detail, HubEntry? hub = null) =>
        new(refusals.ReportUnjudged(hub?.Name, claimed, Refuse.Device(RefusalReason.TokenMalformed, detail)));
}
