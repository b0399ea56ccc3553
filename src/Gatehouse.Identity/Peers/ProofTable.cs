using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Identity.Peers;

/// <summary>The proofs of one connection that hold: tokens by place, and the client certificate once it stands for somebody. Every call under the connection's gate.</summary>
internal sealed class ProofTable(PeerProofSource source, PeerJudge judge)
{
    // Most connections bring one token: a dictionary is made for the second.
    private RootGrant? only;
    private Dictionary<ProofPlace, RootGrant>? many;
    private DateTimeOffset nextEnd = DateTimeOffset.MaxValue;

    /// <summary>Tokens.</summary>
    internal int Count => many?.Count ?? (only is null ? 0 : 1);

    internal RootGrant? Certificate { get; private set; }

    internal bool IsAny => Count > 0 || Certificate is not null;

    internal RootGrant? Find(ProofPlace place) => many is not null ? many.GetValueOrDefault(place) : only?.Place == place ? only : null;

    /// <summary>What the identity itself proved.</summary>
    internal RootGrant? FindOwn(HubEntry hub, IdentityKey identity)
    {
        var place = new ProofPlace(hub.Name, identity, "");
        return Find(place) ?? (Certificate is { } bound && bound.Place == place ? bound : null);
    }

    /// <summary>A policy's token that lets it be the identity; else any of the hub's, to say why it does not.</summary>
    internal RootGrant? FindPolicy(HubEntry hub, IdentityKey identity)
    {
        RootGrant? any = null;
        var path = PeerJudge.PathOf(identity);
        foreach (var root in Tokens)
        {
            if (root.Proof is not Proof.OfPolicy proof || proof.Hub.Name != hub.Name)
            {
                continue;
            }

            if (NodeScope.Covers(proof.Scope, hub.Name, path) && Operations.ConnectDevice.IsAllowed(root.Principal.Rights) && judge.IsInTime(root.Principal))
            {
                return root;
            }

            any ??= root;
        }

        return any;
    }

    internal PolicyReach FindReach(HubEntry hub, string[] path, Operation row)
    {
        RootGrant? covering = null;
        RootGrant? any = null;
        foreach (var root in Tokens)
        {
            if (root.Proof is not Proof.OfPolicy proof || proof.Hub.Name != hub.Name || !judge.IsInTime(root.Principal))
            {
                continue;
            }

            any ??= root;
            if (NodeScope.Covers(proof.Scope, hub.Name, path))
            {
                if (row.IsAllowed(root.Principal.Rights))
                {
                    return new PolicyReach(root, root, root);
                }

                covering = root;
            }
        }

        return new PolicyReach(null, covering, any);
    }

    /// <summary>The hub of all tokens; null when there is none, or more than one.</summary>
    internal HubEntry? OnlyHub()
    {
        HubEntry? only = null;
        foreach (var root in Tokens)
        {
            var hub = PeerJudge.HubOf(root.Proof, source.Parts.Credentials);
            if (hub is null || (only is not null && only.Name != hub.Name))
            {
                return null;
            }

            only = hub;
        }

        return only;
    }

    /// <summary>Tokens whose grace is over; null when there are none. Looks through the table only when one may be.</summary>
    internal List<RootGrant>? FindLate()
    {
        var now = source.Parts.Time.GetUtcNow();
        if (now < nextEnd)
        {
            return null;
        }

        List<RootGrant>? late = null;
        nextEnd = DateTimeOffset.MaxValue;
        foreach (var root in Tokens)
        {
            if (EndOf(root.Principal) <= now)
            {
                (late ??= []).Add(root);
            }
            else
            {
                Expect(root);
            }
        }

        return late;
    }

    internal void Add(RootGrant root)
    {
        Put(root);
        source.Add(root);
        Expect(root);
    }

    internal void AddCertificate(RootGrant root)
    {
        Certificate = root;
        source.Add(root);
    }

    /// <summary>A newer judgement, perhaps of a newer token. What hangs on it and must be judged again: all of it, unless policy, rights and scope are what they were.</summary>
    internal ChildGrant[] Renew(RootGrant root, Proof proof, Judgement judged)
    {
        var before = root.Principal;
        var isAsBefore = before.PolicyName == judged.Principal.PolicyName && before.Rights == judged.Principal.Rights && ScopeOf(root.Proof).SequenceEqual(ScopeOf(proof));

        // The index knows it by its principal, which may be another policy now.
        source.Remove(root);
        if (!ReferenceEquals(root.Proof, proof))
        {
            root.Replace(proof);
        }

        root.Renew(judged);
        source.Add(root);
        Expect(root);
        if (!isAsBefore)
        {
            return [.. root.Children];
        }

        // A gateway renews one token for thousands of devices.
        foreach (var child in root.Children)
        {
            child.Follow();
        }

        return [];
    }

    internal void Remove(RootGrant root)
    {
        Leave(root);
        if (ReferenceEquals(Certificate, root))
        {
            Certificate = null;
        }
        else if (ReferenceEquals(Find(root.Place), root))
        {
            Take(root);
        }
    }

    internal void Clear()
    {
        foreach (var root in Tokens)
        {
            Leave(root);
        }

        if (Certificate is not null)
        {
            Leave(Certificate);
        }

        (only, many, Certificate) = (null, null, null);
    }

    private IReadOnlyCollection<RootGrant> Tokens => many is not null ? many.Values : only is null ? [] : [only];

    private void Put(RootGrant root)
    {
        if (many is null && (only is null || only.Place == root.Place))
        {
            only = root;
            return;
        }

        many ??= new Dictionary<ProofPlace, RootGrant> { [only!.Place] = only };
        many[root.Place] = root;
        only = null;
    }

    private void Take(RootGrant root)
    {
        many?.Remove(root.Place);
        only = null;
    }

    private static ReadOnlySpan<char> ScopeOf(Proof proof) => proof is Proof.OfPolicy policy ? policy.Token.Resource.Span : default;

    private void Leave(RootGrant root)
    {
        source.Remove(root);
        foreach (var child in root.Children)
        {
            source.Remove(child);
        }
    }

    private void Expect(RootGrant root)
    {
        var end = EndOf(root.Principal);
        nextEnd = end < nextEnd ? end : nextEnd;
    }

    private DateTimeOffset EndOf(Principal principal) =>
        principal.ExpiresAt is { } end ? end + source.Parts.Options.TokenGrace : DateTimeOffset.MaxValue;
}

/// <param name="Granting">Whose token covers the node and whose rights suffice.</param>
/// <param name="Covering">Whose token covers it at least.</param>
/// <param name="Any">Any policy's token that is in time.</param>
internal readonly record struct PolicyReach(RootGrant? Granting, RootGrant? Covering, RootGrant? Any);
