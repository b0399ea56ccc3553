using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.SharedAccess;

namespace Gatehouse.Identity.Peers;

/// <summary>What a peer showed, kept to be judged as often as its circumstances change.</summary>
internal abstract record Proof
{
    private Proof()
    {
    }

    internal abstract ValueTask<Verdict> JudgeAsync(PeerProofSource source, CancellationToken cancellationToken);

    /// <summary>A token or the client certificate, for one identity.</summary>
    internal sealed record OfIdentity(DeviceLogin Login) : Proof
    {
        internal override ValueTask<Verdict> JudgeAsync(PeerProofSource source, CancellationToken cancellationToken) =>
            source.Devices.AuthenticateAsync(Login, cancellationToken);
    }

    /// <summary>A policy's token: whose it is, and as far as its scope goes.</summary>
    /// <param name="Hub">Addressed hub, as it was then.</param>
    /// <param name="HostName">Host by which it was addressed.</param>
    /// <param name="Text">The token, for identities that it covers.</param>
    /// <param name="Token">Its parts.</param>
    internal sealed record OfPolicy(HubEntry Hub, string HostName, string Text, SharedAccessToken Token) : Proof
    {
        internal TokenScope Scope { get; } = TokenScope.Parse(Token.Resource.Span);

        // By what the hub asks now.
        internal override ValueTask<Verdict> JudgeAsync(PeerProofSource source, CancellationToken cancellationToken) => source.Policies.AuthenticateAsync(
            source.Parts.Credentials.FindHub(HostName) is { } now && now.Name == Hub.Name ? now : Hub, Token, cancellationToken);

        /// <summary>Never the token.</summary>
        public override string ToString() => $"{Token.PolicyName} at {HostName}";
    }
}

/// <summary>A verdict that was good.</summary>
/// <param name="Principal">Who it is.</param>
/// <param name="Changes">Count of changes when the judgement began.</param>
internal readonly record struct Judgement(Principal Principal, long Changes);

/// <summary>Place of a proof in its connection's table: a newer one of the same place replaces it.</summary>
/// <param name="Hub">Hub.</param>
/// <param name="Identity">Whose own token it is; null for a policy's.</param>
/// <param name="Path">Path of a policy token's audience, decoded; empty for the whole hub.</param>
internal readonly record struct ProofPlace(Contracts.Identities.HubName Hub, Contracts.Identities.IdentityKey? Identity, string Path);
