using Gatehouse.Contracts.Errors;

namespace Gatehouse.Identity.Peers;

/// <summary>The right that a proof itself gives: to be an identity, or to hold a policy. In its connection's table until it ends.</summary>
internal sealed class RootGrant : Grant
{
    private OneOrMany<ChildGrant> children;

    internal RootGrant(PeerProofs owner, ProofPlace place, Proof proof, Judgement judged)
        : base(owner, judged) =>
        (Place, Proof) = (place, proof);

    internal ProofPlace Place { get; }

    internal Proof Proof { get; private set; }

    /// <summary>Grows with each new token: the judgement of an older one does not count.</summary>
    internal int Version { get; private set; }

    /// <summary>What hangs on it and is listened to.</summary>
    internal IReadOnlyCollection<ChildGrant> Children => children.Items;

    internal override void JudgeAgain() => _ = Owner.JudgeAgainAsync(this);

    internal void Replace(Proof proof)
    {
        Proof = proof;
        Version++;
    }

    internal void Add(ChildGrant child) => children.Add(child);

    internal void Remove(ChildGrant child) => children.Remove(child);

    /// <summary>Ends it and all that hangs on it.</summary>
    internal void EndAll(HubError error, List<GrantListener> due)
    {
        End(error, due);
        foreach (var child in Children)
        {
            child.End(error, due);
        }
    }
}
