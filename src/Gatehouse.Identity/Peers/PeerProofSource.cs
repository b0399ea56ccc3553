using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;

namespace Gatehouse.Identity.Peers;

/// <summary>Opens the proofs of connections that act for many identities, and carries changes to the grants that rest on what changed: one subscription for all connections.</summary>
public sealed class PeerProofSource : IPeerProofSource, ICertificateUses, ILiveUses, IDisposable
{
    private readonly GrantIndex<(HubName Hub, DeviceId Device)> devices = new();
    private readonly GrantIndex<(HubName Hub, string Policy)> policies = new();
    private readonly GrantIndex<HubName> certificates = new();
    private readonly IDisposable[] subscriptions;
    private long changes;

    // The parts hold the credential source, so it has subscribed before: its cache is empty when a grant is judged again.
    internal PeerProofSource(IdentityParts parts, ISignals signals, IRefusalLog refusals)
    {
        (Parts, Refusals) = (parts, refusals);
        Devices = new DeviceAuthenticator(parts);
        Policies = new PolicyAuthenticator(parts);
        subscriptions =
        [
            signals.Subscribe(SignalSubjects.IdentityChanged, OnIdentityChanged),
            signals.Subscribe(SignalSubjects.PolicyChanged, OnPolicyChanged),
            signals.Subscribe(SignalSubjects.CertificatesChanged, OnCertificatesChanged),
            parts.Revocations.Attach(this),
        ];
        if (parts.StrictnessChanges is { } changes)
        {
            subscriptions = [.. subscriptions, changes.Subscribe(OnStrictnessChanged)];
        }

        if (parts.Uses is { } uses)
        {
            subscriptions = [.. subscriptions, uses.Attach(this)];
        }
    }

    internal IdentityParts Parts { get; }

    internal DeviceAuthenticator Devices { get; }

    internal PolicyAuthenticator Policies { get; }

    internal IRefusalLog Refusals { get; }

    /// <summary>Grows with every signal: what was judged before a change and taken in after it must be judged again.</summary>
    internal long Changes => Interlocked.Read(ref changes);

    public IPeerProofs Open(ClientTraits client, IPAddress? remoteAddress, PeerCertificate? certificate) =>
        new PeerProofs(this, new PeerOrigin(client, remoteAddress, certificate));

    public void RevocationsChanged(HubName hub) => Interlocked.Increment(ref changes);

    public IReadOnlyList<ICertificateUse> Find(HubName hub, IReadOnlySet<ulong> marks) =>
        [.. certificates.Find(hub).Where(grant => grant.Principal.Certificates?.RestsOnAny(marks) == true)];

    /// <summary>Rights to be an identity, and those of policies: a policy's token counts beside the devices that it is used for.</summary>
    public IReadOnlyList<LiveUse> Of(HubName hub) =>
        [.. devices.FindAll(key => key.Hub == hub).Concat(policies.FindAll(key => key.Hub == hub)).Select(static grant => new LiveUse(grant.Principal, grant.Owner.Client.TlsVersion, grant.Owner.Address))];

    public void Dispose()
    {
        foreach (var subscription in subscriptions)
        {
            subscription.Dispose();
        }
    }

    /// <summary>From here on changes reach the grant.</summary>
    internal void Add(Grant grant)
    {
        var principal = grant.Principal;
        if (principal.Identity is { } identity)
        {
            devices.Add((principal.Hub, identity.Device), grant);
        }

        // What hangs on a policy's token is judged again with it.
        if (grant is RootGrant && principal.PolicyName is { } policy)
        {
            policies.Add((principal.Hub, policy), grant);
        }

        if (IsByCertificate(principal))
        {
            certificates.Add(principal.Hub, grant);
        }
    }

    /// <summary>Takes it out again; its principal must be the one that it was added with.</summary>
    internal void Remove(Grant grant)
    {
        var principal = grant.Principal;
        if (principal.Identity is { } identity)
        {
            devices.Remove((principal.Hub, identity.Device), grant);
        }

        if (grant is RootGrant && principal.PolicyName is { } policy)
        {
            policies.Remove((principal.Hub, policy), grant);
        }

        if (IsByCertificate(principal))
        {
            certificates.Remove(principal.Hub, grant);
        }
    }

    // By thumbprint too: an identity may be moved from one kind to the other while it is connected.
    private static bool IsByCertificate(Principal principal) => principal.Method is AuthenticationMethod.X509Authority or AuthenticationMethod.X509Thumbprint;

    // A device's change (disabled, deleted) concerns its modules too.
    private void OnIdentityChanged(Signal signal)
    {
        Interlocked.Increment(ref changes);
        if (!HubName.TryParse(signal.Hub, out var hub))
        {
            return;
        }

        if (!IdentityKey.TryParse(signal.Key, out var changed))
        {
            JudgeAgain(devices.FindAll(key => key.Hub == hub));
            return;
        }

        foreach (var grant in devices.Find((hub, changed.Device)))
        {
            if (!changed.IsModule || grant.Principal.Identity == changed)
            {
                grant.JudgeAgain();
            }
        }
    }

    private void OnPolicyChanged(Signal signal)
    {
        Interlocked.Increment(ref changes);
        if (HubName.TryParse(signal.Hub, out var hub))
        {
            JudgeAgain(signal.Key.Length == 0 ? policies.FindAll(key => key.Hub == hub) : policies.Find((hub, signal.Key)));
        }
    }

    private void OnCertificatesChanged(Signal signal)
    {
        Interlocked.Increment(ref changes);
        if (HubName.TryParse(signal.Hub, out var hub))
        {
            JudgeAgain(certificates.Find(hub));
        }
    }

    // It asks more of tokens, and nothing of certificates.
    private void OnStrictnessChanged(HubName hub)
    {
        Interlocked.Increment(ref changes);
        JudgeAgain([.. devices.FindAll(key => key.Hub == hub).Concat(policies.FindAll(key => key.Hub == hub)).Where(grant => !IsByCertificate(grant.Principal))]);
    }

    private static void JudgeAgain(Grant[] affected)
    {
        foreach (var grant in affected)
        {
            grant.JudgeAgain();
        }
    }
}
