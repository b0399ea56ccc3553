using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;

namespace Gatehouse.Hub.Registry;

/// <summary>Opens registry transactions: the hub's lock first, the counts last.</summary>
internal sealed class RegistryTransactions(Database database, TwinChanges changes)
{
    internal Task<Result<T>> RunAsync<T>(HubName hub, string actor, Func<RegistryChange, CancellationToken, Task<Result<T>>> work, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (transaction, token) =>
            {
                if (await RegistryCounts.LockAsync(transaction, database.Dialect, hub, token) is not { } counts)
                {
                    return HubErrors.IotHubNotFound;
                }

                var result = await work(new RegistryChange(transaction, hub, actor, counts, changes), token);
                if (result.IsOk)
                {
                    await counts.WriteAsync(transaction, hub, token);
                }

                return result;
            },
            cancellationToken);
}
