using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Gateway.Amqp;

/// <summary>Devices whose links are being attached on one AMQP connection: links that come together are one connection of the device, and count once.</summary>
internal sealed class FirstLinks
{
    private readonly Lock gate = new();
    private readonly Dictionary<(HubName, IdentityKey), Visit> visits = [];

    /// <summary>A link is on its way; dispose the visit once for each when it is attached or refused.</summary>
    internal Visit Enter(HubName hub, IdentityKey identity)
    {
        lock (gate)
        {
            if (!visits.TryGetValue((hub, identity), out var visit))
            {
                visits.Add((hub, identity), visit = new Visit(this, (hub, identity)));
            }

            visit.Links++;
            return visit;
        }
    }

    private bool Leave(Visit visit, (HubName, IdentityKey) key)
    {
        lock (gate)
        {
            return --visit.Links == 0 && visits.Remove(key);
        }
    }

    internal sealed class Visit(FirstLinks owner, (HubName, IdentityKey) key) : IDisposable
    {
        private readonly CancellationTokenSource ending = new();
        private Task<HubError?>? asked;
        private volatile bool hasFailed;

        /// <summary>Guarded by the owner.</summary>
        internal int Links { get; set; }

        /// <summary>Asks for all who wait, and again only after a refusal.</summary>
        /// <param name="ask">Its token ends the wait when nobody waits any longer.</param>
        internal Task<HubError?> PassAsync(Func<CancellationToken, Task<HubError?>> ask)
        {
            lock (owner.gate)
            {
                return asked is null || hasFailed ? asked = AskAsync(ask) : asked;
            }
        }

        public void Dispose()
        {
            if (owner.Leave(this, key))
            {
                ending.Cancel();
                ending.Dispose();
            }
        }

        private async Task<HubError?> AskAsync(Func<CancellationToken, Task<HubError?>> ask)
        {
            hasFailed = false;
            HubError? refusal = null;
            var hasAnswer = false;
            try
            {
                refusal = await ask(ending.Token);
                hasAnswer = true;
            }
            finally
            {
                hasFailed = !hasAnswer || refusal is not null;
            }

            return refusal;
        }
    }
}
