using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Identity.Peers;

/// <summary>What follows from a policy's token. It is known to the connection only while somebody listens to it, so that asking again and again leaves nothing behind.</summary>
internal abstract class ChildGrant : Grant
{
    private protected ChildGrant(RootGrant root, int version, Judgement judged)
        : base(root.Owner, judged) =>
        (Root, Version) = (root, version);

    internal RootGrant Root { get; }

    /// <summary>Version of the proof that it was judged by.</summary>
    internal int Version { get; set; }

    /// <summary>Takes over the end of a newer token that says the same.</summary>
    internal void Follow()
    {
        var by = Root.Principal;
        Renew(new Judgement(Principal with { ExpiresAt = by.ExpiresAt, Credential = by.Credential, CredentialName = by.CredentialName, CredentialMark = by.CredentialMark }, Changes));
        Version = Root.Version;
    }

    /// <summary>Its own end, or that of what it hangs on.</summary>
    internal HubError? EndedAnyhow => Ended ?? Root.Ended;
}

/// <summary>The right to be one identity by a policy's token.</summary>
internal sealed class ActingGrant(RootGrant root, int version, IdentityKey identity, Judgement judged) : ChildGrant(root, version, judged)
{
    internal IdentityKey Identity => identity;

    internal override void JudgeAgain() => _ = Owner.JudgeAgainAsync(this);
}

/// <summary>A policy's right to one operation on one node.</summary>
internal sealed class ReachGrant(RootGrant root, int version, string[] path, Operation row) : ChildGrant(root, version, new Judgement(root.Principal, root.Changes))
{
    internal string[] Path => path;

    internal Operation Row => row;

    internal override void JudgeAgain() => Owner.JudgeAgain(this);
}
