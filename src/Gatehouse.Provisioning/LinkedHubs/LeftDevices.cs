using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.LinkedHubs;

/// <summary>Takes devices that moved from the hub that they had, where that could not be reached or refused it at the time: tried again until it is done or the hub is linked no more.</summary>
/// <remarks>
/// Whoever registers a device into a hub forgets first that it was left there and writes it then; here it is looked at first, then asked for, then removed as the version that was seen. So a
/// device that came back is never removed, whatever node does which.
/// </remarks>
internal sealed class LeftDevices(Database database, DistantHubs hubs, TimeProvider time, ILogger<LeftDevices> log)
{
    private const int MaxPerRound = 100;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    /// <summary>Before the device is written into this hub again.</summary>
    internal async Task ForgetAsync(HubName service, LinkedHub hub, DeviceId device, CancellationToken cancellationToken)
    {
        if (hub.Hub is null && await database.ReadAsync((connection, token) => LeftDeviceRows.ExistsAsync(connection, service, hub.HostName, device.Value, token), cancellationToken))
        {
            await database.WriteAsync<bool>(async (transaction, token) => await LeftDeviceRows.DeleteAsync(transaction, service, hub.HostName, device.Value, token), cancellationToken);
        }
    }

    /// <summary>In the transaction of the record that says where the device is now.</summary>
    internal async Task KeepAsync(WriteTransaction transaction, LeftDevice left, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await LeftDeviceRows.SaveAsync(transaction, left with { Created = now.UtcTicks, NextAttempt = (now + FirstPause).UtcTicks }, cancellationToken);
        transaction.Audit(new AuditRecord
        {
            Hub = left.Service,
            Actor = $"registration:{left.Registration}",
            Action = "registration.leave",
            Subject = left.Registration,
            Detail = new JsonObject { ["hub"] = left.HostName, ["device"] = left.DeviceId, ["error"] = left.Problem }.ToJsonString(),
        });
    }

    /// <summary>One look at all that are due.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var due = await database.ReadAsync((connection, token) => LeftDeviceRows.ListDueAsync(connection, time.GetUtcNow().UtcTicks, MaxPerRound, token), cancellationToken);
        foreach (var service in due.GroupBy(left => left.Service))
        {
            var linked = await database.ReadAsync((connection, token) => LinkedHubRows.ReadAllAsync(connection, HubName.Parse(service.Key), token), cancellationToken);
            foreach (var left in service)
            {
                await TryAsync(left, linked.FirstOrDefault(hub => hub.HostName == left.HostName && hub.Hub is null), cancellationToken);
            }
        }
    }

    private async Task TryAsync(LeftDevice left, LinkedHub? hub, CancellationToken cancellationToken)
    {
        var service = HubName.Parse(left.Service);
        if (hub is null || !DeviceId.TryParse(left.DeviceId, out var device))
        {
            await EndAsync(left, service, "registration.abandon", cancellationToken);
            return;
        }

        var removed = await hubs.RunAsync(service, hub, distant => distant.RemoveLeftAsync(device, () => IsLeftAsync(left, service, cancellationToken), cancellationToken));
        if (removed is { IsOk: true, Value: true })
        {
            await EndAsync(left, service, "registration.left", cancellationToken);
        }
        else
        {
            await PutOffAsync(left, removed.Error, cancellationToken);
        }
    }

    private Task<bool> IsLeftAsync(LeftDevice left, HubName service, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) => await LeftDeviceRows.ExistsAsync(connection, service, left.HostName, left.DeviceId, token)
            && await RegistrationRows.FindOtherAsync(connection, service, left.HostName, left.DeviceId, "", token) is null,
        cancellationToken);

    private Task<Result<bool>> EndAsync(LeftDevice left, HubName service, string action, CancellationToken cancellationToken) => database.WriteAsync<bool>(
        async (transaction, token) =>
        {
            // Gone: another node did the same, or the device is somebody's again.
            if (await LeftDeviceRows.DeleteAsync(transaction, service, left.HostName, left.DeviceId, token))
            {
                var detail = new JsonObject { ["hub"] = left.HostName, ["device"] = left.DeviceId };
                transaction.Audit(new AuditRecord { Hub = left.Service, Actor = "server", Action = action, Subject = left.Registration, Detail = detail.ToJsonString() });
            }

            return true;
        },
        cancellationToken);

    private async Task PutOffAsync(LeftDevice left, HubError? error, CancellationToken cancellationToken)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(left.Attempts, 16));
        var next = time.GetUtcNow() + (pause < LongestPause ? pause : LongestPause);
        var later = left with { Attempts = left.Attempts + 1, NextAttempt = next.UtcTicks, Problem = error?.Message ?? "it was changed meanwhile" };
        await database.WriteAsync<bool>(
            async (transaction, token) =>
            {
                await LeftDeviceRows.PutOffAsync(transaction, later, token);
                return true;
            },
            cancellationToken);
        log.DeviceLeft(left.DeviceId, left.HostName, later.Problem);
    }
}
