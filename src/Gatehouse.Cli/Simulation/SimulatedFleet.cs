using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Registry;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Cli.Simulation;

/// <summary>Registers the simulated devices, and deletes those that it registered and no others.</summary>
internal sealed class SimulatedFleet(HubClient hub)
{
    private readonly List<SimulatedDevice> registered = [];

    internal IReadOnlyList<SimulatedDevice> Devices => registered;

    internal async Task RegisterAsync(SimulationPlan plan, CancellationToken cancellationToken)
    {
        var digits = plan.Count.ToString(System.Globalization.CultureInfo.InvariantCulture).Length;
        var devices = Enumerable.Range(1, plan.Count)
            .Select(number => new SimulatedDevice(plan.Prefix + number.ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(digits, '0')))
            .ToDictionary(device => device.Id);
        string? problem = null;
        await foreach (var outcome in new BulkImport(hub).RunAsync([.. devices.Values.Select(Create)], cancellationToken))
        {
            var device = devices[outcome.Item.Key.Device.Value];

            // One whose answer was lost may be there: it is deleted with the others.
            if (outcome.Error is null || outcome.IsUnknown)
            {
                registered.Add(device);
            }
            else
            {
                device.Dispose();
            }

            problem ??= outcome.Error is { } error ? $"'{device.Id}' could not be registered: {error}" : null;
        }

        if (problem is not null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new CliException($"{problem} Devices that exist are left alone: choose another --prefix if it is in use.");
        }
    }

    /// <returns>How many could not be deleted.</returns>
    internal async Task<int> DeleteAsync(CancellationToken cancellationToken)
    {
        var left = 0;
        await foreach (var outcome in new BulkImport(hub).RunAsync([.. registered.Select(Delete)], cancellationToken))
        {
            left += outcome.Error is null || outcome.Error.Contains("DeviceNotFound", StringComparison.Ordinal) ? 0 : 1;
        }

        return left;
    }

    private static ImportItem Create(SimulatedDevice device) => Item(device, new JsonObject
    {
        ["id"] = device.Id,
        ["importMode"] = "create",
        ["status"] = "enabled",
        ["authentication"] = new JsonObject
        {
            ["type"] = "sas",
            ["symmetricKey"] = new JsonObject { ["primaryKey"] = device.Keys.Primary, ["secondaryKey"] = device.Keys.Secondary },
        },
    });

    private static ImportItem Delete(SimulatedDevice device) => Item(device, new JsonObject { ["id"] = device.Id, ["importMode"] = "delete" });

    private static ImportItem Item(SimulatedDevice device, JsonObject body) => new(device.Id, new IdentityKey(DeviceId.Parse(device.Id)), body);
}
