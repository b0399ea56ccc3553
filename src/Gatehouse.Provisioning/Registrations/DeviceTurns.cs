using Gatehouse.Contracts.Identities;

namespace Gatehouse.Provisioning.Registrations;

/// <summary>Lets one registration at a time take a device of a hub, or leave it: two of them may want the same one.</summary>
/// <remarks>
/// Each device has a turn of its own while somebody wants it, so that nobody waits for the webhook of a device that is not its own. It orders the registrations of this server;
/// those of another node are only seen once their record is there, which the next registration of either heals.
/// </remarks>
internal sealed class DeviceTurns
{
    private readonly Dictionary<(HubName Service, string Device), Turn> turns = [];
    private readonly Lock gate = new();

    /// <summary>Devices that somebody has or waits for.</summary>
    internal int Count
    {
        get
        {
            lock (gate)
            {
                return turns.Count;
            }
        }
    }

    /// <param name="service">Whose registrations.</param>
    /// <param name="devices">Device ids that are taken or left; in any order, they are waited for in one. Empty ones count for nothing.</param>
    /// <param name="work">What is done meanwhile.</param>
    internal async Task<T> RunAsync<T>(HubName service, IEnumerable<string> devices, Func<Task<T>> work)
    {
        var wanted = devices.Where(device => device.Length > 0).Select(device => device.ToLowerInvariant()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(device => Enter((service, device))).ToList();
        var held = 0;
        try
        {
            for (; held < wanted.Count; held++)
            {
                await wanted[held].Own.WaitAsync();
            }

            return await work();
        }
        finally
        {
            for (var index = 0; index < wanted.Count; index++)
            {
                Leave(wanted[index], isHeld: index < held);
            }
        }
    }

    private Turn Enter((HubName Service, string Device) key)
    {
        lock (gate)
        {
            if (!turns.TryGetValue(key, out var turn))
            {
                turns.Add(key, turn = new Turn(key));
            }

            turn.Users++;
            return turn;
        }
    }

    private void Leave(Turn turn, bool isHeld)
    {
        lock (gate)
        {
            if (isHeld)
            {
                turn.Own.Release();
            }

            if (--turn.Users == 0)
            {
                turns.Remove(turn.Key);
                turn.Own.Dispose();
            }
        }
    }

    private sealed class Turn((HubName Service, string Device) key)
    {
        internal (HubName Service, string Device) Key { get; } = key;

        internal SemaphoreSlim Own { get; } = new(1);

        internal int Users { get; set; }
    }
}
