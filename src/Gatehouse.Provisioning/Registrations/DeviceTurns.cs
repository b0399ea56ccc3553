using Gatehouse.Contracts.Identities;

namespace Gatehouse.Provisioning.Registrations;

/// <summary>Lets one registration at a time take a device of a hub, or leave it: two of them may want the same one.</summary>
/// <remarks>
/// Devices share a fixed number of turns, more than there are registrations at once. It orders the registrations of this server; those of another node
/// are only seen once their record is there, which the next registration of either heals.
/// </remarks>
internal sealed class DeviceTurns : IDisposable
{
    private const int Count = 1024;

    private readonly SemaphoreSlim[] turns = [.. Enumerable.Range(0, Count).Select(_ => new SemaphoreSlim(1))];

    public void Dispose()
    {
        foreach (var turn in turns)
        {
            turn.Dispose();
        }
    }

    /// <param name="service">Whose registrations.</param>
    /// <param name="devices">Device ids that are taken or left; in any order, they are waited for in one. Empty ones count for nothing.</param>
    /// <param name="work">What is done meanwhile.</param>
    internal async Task<T> RunAsync<T>(HubName service, IEnumerable<string> devices, Func<Task<T>> work)
    {
        var held = devices.Where(device => device.Length > 0).Select(device => (uint)HashCode.Combine(service, device.ToLowerInvariant()) % Count).Distinct().Order().Select(index => turns[index]).ToList();
        var count = 0;
        try
        {
            for (; count < held.Count; count++)
            {
                await held[count].WaitAsync();
            }

            return await work();
        }
        finally
        {
            held.Take(count).ToList().ForEach(turn => turn.Release());
        }
    }
}
