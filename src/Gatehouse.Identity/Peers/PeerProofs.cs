using System.Net;
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
    private readonly ProofTable table;
    private readonly PeerOrigin origin;
    private bool isDisposed;

    internal PeerProofs(PeerProofSource source, PeerOrigin origin)
    {
        (this.source, this.origin) = (source, origin);
        refusals = new PeerRefusals(source, origin);
        judge = new PeerJudge(source, origin, refusals);
        table = new ProofTable(source, judge);
    }

    public bool IsAny
    {
        get
        {
            lock (gate)
            {
                return table.IsAny;
            }
        }
    }

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

        RootGrant? own, policy;
        int version;
        lock (gate)
        {
            own = table.FindOwn(hub, identity);
            policy = own is null ? table.FindPolicy(hub, identity) : null;
            version = policy?.Version ?? 0;
        }

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
        PolicyReach found;
        lock (gate)
        {
            found = table.FindReach(hub, path, row);
            if (found.Granting is { } root)
            {
                return new ReachGrant(root, root.Version, path, row);
            }
        }

        return refusals.Report(hub.Name, (found.Covering ?? found.Any)?.Principal.PolicyName, PeerWords.NotReached(resourcePath, row, found.Covering, found.Any));
    }

    public void Beat()
    {
        List<RootGrant>? late;
        lock (gate)
        {
            late = table.FindLate();
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
            table.Clear();
        }
    }

    internal ClientTraits Client => origin.Client;

    internal IPAddress? Address => origin.Address;

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
        while (Snapshot(root) is { } now)
        {
            var changes = source.Changes;
            var verdict = await judge.AgainAsync(now.Proof, root.Principal);
            var isStill = false;
            ChildGrant[] dependants = [];
            lock (gate)
            {
                isStill = root.Version == now.Version;
                if (isStill && verdict is Verdict.Accepted accepted && IsNewest(root, changes))
                {
                    // By another path than before, a revocation meanwhile has not found it.
                    isStill = Equals(root.Principal.Certificates, accepted.Principal.Certificates) || source.Changes == changes;
                    dependants = table.Renew(root, now.Proof, new Judgement(accepted.Principal, changes));
                }
            }

            JudgeAgain(dependants);
            if (isStill)
            {
                Track(verdict);
                EndIfRefused(root, verdict);
                return;
            }
        }
    }

    internal async Task JudgeAgainAsync(ActingGrant grant)
    {
        while (grant.Ended is null && Snapshot(grant.Root) is { Proof: Proof.OfPolicy proof, Version: var version })
        {
            var changes = source.Changes;
            var verdict = await judge.AgainAsync(judge.Acting(proof, grant.Identity), grant.Principal);
            lock (gate)
            {
                if (grant.Root.Version != version)
                {
                    // A newer token came meanwhile: it is the one that counts.
                    continue;
                }

                if (verdict is Verdict.Accepted accepted && IsNewest(grant, changes))
                {
                    grant.Renew(new Judgement(accepted.Principal, changes));
                    grant.Version = version;
                }
            }

            Track(verdict);
            if (verdict is Verdict.Refused refused)
            {
                EndChild(grant, refused);
            }

            return;
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
            return table.OnlyHub();
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
            var present = table.Find(good.Place);
            if (present is not null && present.Principal.GenerationId == good.Judged.Principal.GenerationId && !IsNarrowed(present.Principal, good.Judged.Principal))
            {
                root = present;
                dependants = table.Renew(root, good.Proof, good.Judged);
            }
            else
            {
                if (present is null && table.Count >= source.Parts.Options.MaxTokensPerConnection)
                {
                    return refusals.Report(good.Place.Hub, PeerWords.Name(good.Judged.Principal), PeerWords.TooMany(table.Count));
                }

                replaced = present;
                root = new RootGrant(this, good.Place, good.Proof, good.Judged);
                if (!isDisposed)
                {
                    table.Add(root);
                }
            }
        }

        if (replaced is not null)
        {
            End(replaced, IsNarrowed(replaced.Principal, good.Judged.Principal) ? PeerWords.Narrowed(replaced.Principal) : PeerWords.Replaced(replaced.Principal));
        }

        Track(good.Judged.Principal);
        JudgeAgain(dependants);
        if (source.Changes != good.Judged.Changes)
        {
            root.JudgeAgain();
        }

        return root;
    }

    // What was opened by a token must not live on by one that would not open it.
    private static bool IsNarrowed(Principal before, Principal now) => before.Identity is not null && before.Rights != now.Rights && (now.Rights & Rights.DeviceConnect) == 0;

    // One identity for one certificate on one connection, as the service has it (device-plane §2.2); a module's certificate names the module.
    private Result<IGrant> TakeCertificate(ProofPlace place, Proof proof, Judgement judged)
    {
        RootGrant root;
        lock (gate)
        {
            var bound = table.Certificate;
            if (bound is not null && (bound.Place != place || bound.Principal.GenerationId != judged.Principal.GenerationId))
            {
                return refusals.Report(place.Hub, place.Identity.ToString(), PeerWords.SecondByCertificate(bound.Principal, judged.Principal));
            }

            if (bound is not null)
            {
                return bound;
            }

            root = new RootGrant(this, place, proof, judged);
            if (!isDisposed)
            {
                table.AddCertificate(root);
            }
        }

        source.Parts.Uses?.Shown(judged.Principal, origin.Certificate);

        if (source.Changes != judged.Changes)
        {
            root.JudgeAgain();
        }

        return root;
    }

    // Who stays after a change stands on what is registered now.
    private void Track(Verdict verdict)
    {
        if (verdict is Verdict.Accepted accepted)
        {
            Track(accepted.Principal);
        }
    }

    private void Track(Principal principal) => source.Parts.Uses?.Used(principal, origin.Client);

    // Judgements overlap: one that began earlier must not undo a later one.
    private bool IsNewest(Grant grant, long changes) => grant.Ended is null && !isDisposed && changes >= grant.Changes;

    /// <summary>The proof that counts now; null when none does any more.</summary>
    private RootProof? Snapshot(RootGrant root)
    {
        lock (gate)
        {
            return root.Ended is null && !isDisposed ? new RootProof(root.Proof, root.Version) : null;
        }
    }

    private void EndIfRefused(RootGrant root, Verdict verdict)
    {
        if (verdict is Verdict.Refused refused)
        {
            End(root, refused);
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

            table.Remove(root);
            root.EndAll(why.Error, due);
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

    private static void Tell(List<GrantListener> due, HubError error)
    {
        foreach (var listener in due)
        {
            listener.Tell(error);
        }
    }

    private readonly record struct RootProof(Proof Proof, int Version);
}
