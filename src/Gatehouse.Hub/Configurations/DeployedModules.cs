using System.Collections.Concurrent;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Configurations;

/// <summary>Makes the module identities that Edge content names and its device does not have, with keys of the hub's own making.</summary>
internal sealed class DeployedModules(RegistryTransactions transactions, ModuleWriter modules, ILogger<DeployedModules> log)
{
    internal const string ManagedBy = "iotEdge";

    private const string Actor = "server";

    // One log line for each kind of refusal, until the server starts again.
    private readonly ConcurrentDictionary<(HubName, string), string> reported = new();

    /// <summary>Whether any was made. What cannot be made is told to the operator; the others get their content.</summary>
    internal async Task<bool> MakeAsync(HubName hub, Dictionary<IdentityKey, UnitPlan> plans, CancellationToken cancellationToken)
    {
        var isAny = false;
        foreach (var (unit, plan) in plans.Where(plan => plan.Value.MissingModules.Count > 0))
        {
            var made = await MakeAsync(hub, Actor, unit.Device, plan.MissingModules, cancellationToken);
            isAny |= made.IsOk;
            if (!made.IsOk && reported.TryAdd((hub, made.Error.Name), unit.Device.Value))
            {
                log.DeployedModuleNotMade(unit.Device.Value, made.Error.Message);
            }
        }

        return isAny;
    }

    /// <summary>All of them or none. TooManyModulesOnDevice, TooManyDevices, DeviceNotFound.</summary>
    internal Task<Result<bool>> MakeAsync(HubName hub, string actor, DeviceId device, IReadOnlyList<string> names, CancellationToken cancellationToken) => transactions.RunAsync<bool>(
        hub,
        actor,
        async (change, token) =>
        {
            foreach (var name in names)
            {
                var input = new IdentityInput { Key = new IdentityKey(device, ModuleId.Parse(name)), ManagedBy = ManagedBy };
                var made = await modules.PutAsync(change, input, WriteCondition.Create, token);
                if (!made.IsOk && made.Error.Code != HubErrors.ModuleAlreadyExistsOnDevice.Code)
                {
                    return made.Error;
                }
            }

            return true;
        },
        cancellationToken);
}
