using System.Collections.Concurrent;
using Gatehouse.Contracts.Identities;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Files;

/// <summary>Tells the operator once when a hub's storage account fails, and once when it answers again, however many devices ask.</summary>
internal sealed class AccountHealth(ILogger<AccountHealth> log)
{
    private readonly ConcurrentDictionary<HubName, bool> failing = new();

    /// <param name="hub">Whose account.</param>
    /// <param name="problem">What is wrong; null when it answered.</param>
    internal void Note(HubName hub, string? problem)
    {
        if (problem is not null)
        {
            if (failing.TryAdd(hub, true))
            {
                log.StorageAccountFails(hub, problem);
            }
        }
        else if (!failing.IsEmpty && failing.TryRemove(hub, out _))
        {
            log.StorageAccountAnswers(hub);
        }
    }
}
