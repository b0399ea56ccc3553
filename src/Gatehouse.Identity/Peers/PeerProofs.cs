using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Identity.Peers;

/// <summary>What one connection has proved: its table of tokens, its client certificate, and what hangs on them.</summary>
/// <remarks>
/// A proof is judged when it is brought and each time that something it rests on changes; a link asks the table, not the proof.
/// Judging goes on outside the gate. Whoever takes a judgement in compares the count of changes with that of its beginning, and judges
/// again if they differ: a change between the two is never missed.
/// </remarks>
internal sealed class PeerProofs : IPeerProofs
{
    private readonly Lock gate = new();
    private readonly PeerProofSource source;
    private readonly PeerJudge judge;
    private readonly PeerRefusals refusals;
    private readonly Dictionary<ProofPlace, RootGrant> tokens = [];
    private RootGrant? certificate;
    private DateTimeOffset nextEnd = DateTimeOffset.MaxValue;
    private bool isDisposed;

    internal PeerProofs(PeerProofSource source, PeerOrigin origin)
    {
        this.source = source;
        refusals = new PeerRefusals(source, origin);
        judge = new PeerJudge(source, origin, refusals);
    }

    public bool IsAny
    {
        get
        {
            lock (gate)
            {
                return tokens.Count > 0 || certificate is not null;
            }
        }
    }

    private int MaxTokens => source.Parts.Options.MaxTokensPerConnection;

    public async ValueTask<Result<IGrant>> ProveAsync(string userName, string password, CancellationToken cancellationToken) =>
        Take(await judge.PlainAsync(userName, password, cancellationToken));

    public async ValueTask<Result<IGrant>> PutTokenAsync(string audience, string token, CancellationToken cancellationToken) =>
        Take(await judge.TokenAsync(audience, token, cancellationToken));

    public async ValueTask<Result<IGrant>> ActAsAsync(string hostName, IdentityKey identity, CancellationToken cancellationToken)
    {
        if (FindHub(hostName) is not { } hub)
        {
            return refusals.Report(null, identity.ToString(), Refuse.UnknownHub(hostName));
        }

        var (own, policy, version) = Find(hub, identity);
        if (own is not null && judge.IsInTime(own.Principal))
        {
            return own;
        }

        var changes = source.Changes;
        var verdict = await judge.ActAsync(hub, identity, own ?? policy, cancellationToken);
        return verdict switch
        {
            ActVerdict.ByPolicy by => new ActingGrant(policy!, version, identity, new Judgement(by.Principal, changes)),
            ActVerdict.ByCertificate by => TakeCertificate(new ProofPlace(hub.Name, identity, ""), by.Proof, new Judgement(by.Principal, changes)),
            ActVerdict.Refused by => refusals.Report(hub.Name, identity.ToString(), by.Refusal),
            _ => throw new InvalidOperationException("A verdict of an unknown kind."),
        };
    }

    public Result<IGrant> Reach(string hostName, string resourcePath, Operation row)
    {
        if (FindHub(hostName) is not { } hub)
        {
            return refusals.Report(null, null, Refuse.UnknownHub(hostName));
        }

        var path = resourcePath.Trim('/').Split('/');
        RootGrant? covering = null;
        RootGrant? any = null;
        lock (gate)
        {
            foreach (var root in tokens.Values)
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
                        return new ReachGrant(root, root.Version, path, row);
                    }

                    covering = root;
                }
            }
        }

        return refusals.Report(hub.Name, (covering ?? any)?.Principal.PolicyName, PeerWords.NotReached(resourcePath, row, covering, any));
    }

    public void Beat()
    {
        var now = source.Parts.Time.GetUtcNow();
        List<RootGrant>? late = null;
        lock (gate)
        {
            if (now < nextEnd)
            {
                return;
            }

            nextEnd = DateTimeOffset.MaxValue;
            foreach (var root in tokens.Values)
            {
                var end = EndOf(root.Principal);
                if (end <= now)
                {
                    (late ??= []).Add(root);
                }
                else if (end < nextEnd)
                {
                    nextEnd = end;
                }
            }
        }

        foreach (var root in late ?? [])
        {
            End(root, PeerWords.RunOut(root.Principal));
        }
    }

    /// <summary>Forgets everything. Nobody is told: the connection, with its links, is gone.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            foreach (var root in tokens.Values)
            {
                Leave(root);
            }

            if (certificate is not null)
            {
                Leave(certificate);
            }

            tokens.Clear();
            certificate = null;
        }
    }

    internal GrantListener Listen(Grant grant, Action<HubError> action)
    {
        var listener = new GrantListener(grant, action);
        HubError? ended;
        bool isOld;
        lock (gate)
        {
            var child = grant as ChildGrant;
            ended = child is null ? grant.Ended : child.EndedAnyhow;
            if (ended is null && !isDisposed)
            {
                if (child is not null && !grant.IsListenedTo)
                {
                    child.Root.Add(child);
                    source.Add(child);
                }

                grant.Add(listener);
            }

            isOld = !isDisposed && (grant.Changes != source.Changes || (child is not null && child.Version != child.Root.Version));
        }

        if (ended is not null)
        {
            listener.Tell(ended);
        }
        else if (isOld)
        {
            grant.JudgeAgain();
        }

        return listener;
    }

    internal void Forget(GrantListener listener)
    {
        lock (gate)
        {
            listener.Grant.Remove(listener);
            if (listener.Grant is ChildGrant { IsListenedTo: false } child)
            {
                child.Root.Remove(child);
                source.Remove(child);
            }
        }
    }

    internal async Task JudgeAgainAsync(RootGrant root)
    {
        var version = root.Version;
        var changes = source.Changes;
        switch (await judge.AgainAsync(root.Proof, root.Principal))
        {
            case Verdict.Accepted accepted:
                var dependants = Renewed(root, root.Proof, new Judgement(accepted.Principal, changes), version);
                JudgeAgain(dependants);
                break;
            case Verdict.Refused refused when IsStill(root, version):
                End(root, refused);
                break;
            default:
                break;
        }
    }

    internal async Task JudgeAgainAsync(ActingGrant grant)
    {
        RootGrant root = grant.Root;
        var (proof, version) = Snapshot(root);
        var changes = source.Changes;
        var verdict = await judge.AgainAsync(PeerJudge.Acting(proof, grant.Identity), grant.Principal);
        if (verdict is Verdict.Refused refused)
        {
            if (IsStill(root, version))
            {
                EndChild(grant, refused);
            }
        }
        else if (verdict is Verdict.Accepted accepted)
        {
            lock (gate)
            {
                if (root.Version == version)
                {
                    grant.Renew(new Judgement(accepted.Principal, changes));
                    grant.Version = version;
                }
            }
        }
    }

    internal void JudgeAgain(ReachGrant grant)
    {
        var root = grant.Root;
        Verdict.Refused? refused = null;
        lock (gate)
        {
            var proof = (Proof.OfPolicy)root.Proof;
            var covers = NodeScope.Covers(proof.Scope, proof.Hub.Name, grant.Path);
            if (covers && grant.Row.IsAllowed(root.Principal.Rights))
            {
                grant.Renew(new Judgement(root.Principal, root.Changes));
                grant.Version = root.Version;
            }
            else
            {
                refused = PeerWords.NotReached(string.Join('/', grant.Path), grant.Row, covers ? root : null, root);
            }
        }

        if (refused is not null)
        {
            EndChild(grant, PeerWords.AfterChange(refused));
        }
    }

    private static void JudgeAgain(ChildGrant[] dependants)
    {
        foreach (var each in dependants)
        {
            each.JudgeAgain();
        }
    }

    // The hub that the host names; clients that dial by another name still mean the only one whose proofs they brought.
    private HubEntry? FindHub(string hostName)
    {
        if (source.Parts.Credentials.FindHub(hostName) is { } hub)
        {
            return hub;
        }

        lock (gate)
        {
            HubEntry? only = null;
            foreach (var root in tokens.Values)
            {
                var proved = PeerJudge.HubOf(root.Proof, source.Parts.Credentials);
                if (proved is null || (only is not null && only.Name != proved.Name))
                {
                    return null;
                }

                only = proved;
            }

            return only;
        }
    }

    private (RootGrant? Own, RootGrant? Policy, int Version) Find(HubEntry hub, IdentityKey identity)
    {
        lock (gate)
        {
            if (tokens.TryGetValue(new ProofPlace(hub.Name, identity, ""), out var own))
            {
                return (own, null, 0);
            }

            if (certificate is { } bound && bound.Place.Hub == hub.Name && bound.Place.Identity == identity)
            {
                return (bound, null, 0);
            }

            RootGrant? best = null;
            var path = PeerJudge.PathOf(identity);
            foreach (var root in tokens.Values)
            {
                if (root.Proof is Proof.OfPolicy proof && proof.Hub.Name == hub.Name)
                {
                    var isGood = NodeScope.Covers(proof.Scope, hub.Name, path) && Operations.ConnectDevice.IsAllowed(root.Principal.Rights) && judge.IsInTime(root.Principal);
                    if (isGood)
                    {
                        return (null, root, root.Version);
                    }

                    best ??= root;
                }
            }

            return (null, best, best?.Version ?? 0);
        }
    }

    private Result<IGrant> Take(TokenVerdict verdict)
    {
        if (verdict is TokenVerdict.Refused refused)
        {
            return refused.Error;
        }

        var good = (TokenVerdict.Accepted)verdict;
        RootGrant root;
        ChildGrant[] dependants = [];
        RootGrant? replaced = null;
        lock (gate)
        {
            if (tokens.TryGetValue(good.Place, out var present) && present.Principal.GenerationId == good.Judged.Principal.GenerationId)
            {
                root = present;
                dependants = Put(root, good.Proof, good.Judged);
            }
            else
            {
                if (present is null && tokens.Count >= MaxTokens)
                {
                    return refusals.Report(good.Place.Hub, PeerWords.Name(good.Judged.Principal), PeerWords.TooMany(MaxTokens));
                }

                replaced = present;
                root = new RootGrant(this, good.Place, good.Proof, good.Judged);
                if (!isDisposed)
                {
                    tokens[good.Place] = root;
                    source.Add(root);
                }
            }

            nextEnd = EndOf(root.Principal) < nextEnd ? EndOf(root.Principal) : nextEnd;
        }

        if (replaced is not null)
        {
            End(replaced, PeerWords.Replaced(replaced.Principal));
        }

        JudgeAgain(dependants);
        if (source.Changes != good.Judged.Changes)
        {
            root.JudgeAgain();
        }

        return root;
    }

    // One identity for one certificate on one connection, as the service has it (device-plane §2.2); a module's certificate names the module.
    private Result<IGrant> TakeCertificate(ProofPlace place, Proof proof, Judgement judged)
    {
        RootGrant root;
        lock (gate)
        {
            if (certificate is { } bound && (bound.Place != place || bound.Principal.GenerationId != judged.Principal.GenerationId))
            {
                return refusals.Report(place.Hub, place.Identity.ToString(), PeerWords.SecondByCertificate(bound.Principal, judged.Principal));
            }

            if (certificate is not null)
            {
                return certificate;
            }

            root = new RootGrant(this, place, proof, judged);
            if (!isDisposed)
            {
                certificate = root;
                source.Add(root);
            }
        }

        if (source.Changes != judged.Changes)
        {
            root.JudgeAgain();
        }

        return root;
    }

    private ChildGrant[] Renewed(RootGrant root, Proof proof, Judgement judged, int version)
    {
        lock (gate)
        {
            // A renewal meanwhile was judged by itself.
            if (root.Ended is not null || isDisposed || root.Version != version)
            {
                return [];
            }

            return Put(root, proof, judged);
        }
    }

    /// <summary>Hold the gate. What hangs on it must be judged again.</summary>
    private ChildGrant[] Put(RootGrant root, Proof proof, Judgement judged)
    {
        // The index knows it by its principal, which may be another policy now.
        source.Remove(root);
        root.Renew(proof, judged);
        source.Add(root);
        return [.. root.Children];
    }

    private (Proof.OfPolicy Proof, int Version) Snapshot(RootGrant root)
    {
        lock (gate)
        {
            return ((Proof.OfPolicy)root.Proof, root.Version);
        }
    }

    private bool IsStill(RootGrant root, int version)
    {
        lock (gate)
        {
            return root.Ended is null && !isDisposed && root.Version == version;
        }
    }

    private void End(RootGrant root, Verdict.Refused why)
    {
        var due = new List<GrantListener>();
        lock (gate)
        {
            if (root.Ended is not null || isDisposed)
            {
                return;
            }

            Leave(root);
            root.EndAll(why.Error, due);
            if (ReferenceEquals(certificate, root))
            {
                certificate = null;
            }
            else if (tokens.TryGetValue(root.Place, out var present) && ReferenceEquals(present, root))
            {
                tokens.Remove(root.Place);
            }
        }

        refusals.Report(root.Place.Hub, PeerWords.Name(root.Principal), why);
        Tell(due, why.Error);
    }

    private void EndChild(ChildGrant child, Verdict.Refused why)
    {
        var due = new List<GrantListener>();
        lock (gate)
        {
            if (child.EndedAnyhow is not null || isDisposed)
            {
                return;
            }

            if (child.IsListenedTo)
            {
                child.Root.Remove(child);
                source.Remove(child);
            }

            child.End(why.Error, due);
        }

        refusals.Report(child.Principal.Hub, PeerWords.Name(child.Principal), why);
        Tell(due, why.Error);
    }

    private void Leave(RootGrant root)
    {
        source.Remove(root);
        foreach (var child in root.Children)
        {
            source.Remove(child);
        }
    }

    private static void Tell(List<GrantListener> due, HubError error)
    {
        foreach (var listener in due)
        {
            listener.Tell(error);
        }
    }

    private DateTimeOffset EndOf(Principal principal) =>
        principal.ExpiresAt is { } end ? end + source.Parts.Options.TokenGrace : DateTimeOffset.MaxValue;
}
