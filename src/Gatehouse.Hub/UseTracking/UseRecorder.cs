using System.Collections.Immutable;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store.Certificates;

namespace Gatehouse.Hub.UseTracking;

/// <summary>Gathers uses in memory, the last of each identity and credential; <see cref="UseWriter"/> writes them behind (decisions/0038). Knows who is connected by asking those who keep sessions.</summary>
public sealed class UseRecorder(UseOptions options, TimeProvider time, CertificateSightings? sightings = null) : ICredentialUses
{
    private readonly Lock gate = new();
    private Dictionary<UseKey, WaitingUse> waiting = [];
    private ImmutableList<ILiveUses> holders = [];
    private long lost;

    /// <summary>Uses that wait.</summary>
    internal int Count
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    public void Used(Principal principal, ClientTraits client)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(client);
        if (principal.CredentialName is { } credential)
        {
            Add(new UseKey(principal.Hub, principal.Identity, credential), WaitingUse.Of(principal, client, time.GetUtcNow().UtcTicks));
        }
    }

    public void Shown(Principal principal, PeerCertificate? certificate)
    {
        ArgumentNullException.ThrowIfNull(principal);
        if (certificate is not null && sightings is not null && principal is { Identity: { } identity, Method: AuthenticationMethod.X509Thumbprint or AuthenticationMethod.X509Authority })
        {
            var authority = principal.Certificates?.Path?.Credential[CredentialName.AuthorityPrefix.Length..] ?? "";
            sightings.Seen(principal.Hub, identity.Device.Value, identity.Module?.Value ?? "", principal.Credential, authority, certificate, principal.Method == AuthenticationMethod.X509Authority ? principal.Certificates?.Issuers : null);
        }
    }

    public IDisposable Attach(ILiveUses live)
    {
        ArgumentNullException.ThrowIfNull(live);
        lock (gate)
        {
            holders = holders.Add(live);
        }

        return new Attachment(this, live);
    }

    /// <summary>All who are connected to this node.</summary>
    internal IEnumerable<LiveUse> Live(HubName hub)
    {
        ImmutableList<ILiveUses> all;
        lock (gate)
        {
            all = holders;
        }

        return all.SelectMany(each => each.Of(hub));
    }

    /// <summary>What waits, and how many uses found no room since the last time; nothing waits afterwards.</summary>
    internal (Dictionary<UseKey, WaitingUse> Uses, long Lost) Take()
    {
        lock (gate)
        {
            var taken = (waiting, lost);
            (waiting, lost) = ([], 0);
            return taken;
        }
    }

    /// <summary>They could not be written: behind what has come since.</summary>
    internal void PutBack(IEnumerable<KeyValuePair<UseKey, WaitingUse>> uses)
    {
        lock (gate)
        {
            foreach (var (key, use) in uses)
            {
                if (waiting.TryGetValue(key, out var since))
                {
                    waiting[key] = use.Then(since);
                }
                else if (waiting.Count < options.MaxWaiting)
                {
                    waiting.Add(key, use);
                }
                else
                {
                    lost++;
                }
            }
        }
    }

    private void Add(UseKey key, WaitingUse use)
    {
        lock (gate)
        {
            if (waiting.TryGetValue(key, out var before))
            {
                waiting[key] = before.Then(use);
            }
            else if (waiting.Count < options.MaxWaiting)
            {
                waiting.Add(key, use);
            }
            else
            {
                lost++;
            }
        }
    }

    private void Detach(ILiveUses gone)
    {
        lock (gate)
        {
            holders = holders.Remove(gone);
        }
    }

    private sealed class Attachment(UseRecorder owner, ILiveUses live) : IDisposable
    {
        public void Dispose() => owner.Detach(live);
    }
}
