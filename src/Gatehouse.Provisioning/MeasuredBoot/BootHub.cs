using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.LinkedHubs;
using Gatehouse.Provisioning.Registrations;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.MeasuredBoot;

/// <summary>Tells the hub of a device what its measured boot brings: quarantine, and the desired property <c>measuredBoot</c>. May be repeated.</summary>
internal sealed class BootHub(LinkedHubRegistrar registrar, AllocationRules allocations, KnownGroups known, ILogger<BootHub> log)
{
    /// <summary>False when the hub could not be told; the log says why.</summary>
    internal async Task<bool> TellAsync(RegistrationRow row, CancellationToken cancellationToken)
    {
        try
        {
            var groups = await known.FindAsync(HubName.Parse(row.Service), cancellationToken);
            if (row.HostName.Length == 0 || allocations.Find(row.HostName, groups.Linked) is not { } hub || !DeviceId.TryParse(row.DeviceId, out var device))
            {
                // It has no hub, or one that is linked no more.
                return true;
            }

            var told = await TellAsync(row, hub, device, cancellationToken);
            if (!told.IsOk)
            {
                log.HubNotTold(row.Name, told.Error.Message, null);
            }

            return told.IsOk;
        }
        catch (Exception error) when (error is not (OutOfMemoryException or OperationCanceledException))
        {
            log.HubNotTold(row.Name, error.GetType().Name, error);
            return false;
        }
    }

    private async Task<Result<bool>> TellAsync(RegistrationRow row, LinkedHub hub, DeviceId device, CancellationToken cancellationToken)
    {
        var (service, work, actor) = (HubName.Parse(row.Service), (BootWork)row.BootPending, $"registration:{row.Name}");
        if (work.HasFlag(BootWork.Quarantine) && row.BootQuarantined != 0)
        {
            var reason = QuarantineReason.Of(service, row.ReadBoot().Reason ?? "measured boot");
            var disabled = await registrar.QuarantineAsync(service, hub, actor, device, reason, cancellationToken);
            if (!disabled.IsOk)
            {
                return disabled.Error;
            }
        }

        return work.HasFlag(BootWork.Twin) ? await registrar.PatchTwinAsync(service, hub, actor, device, Patch(row.BootDue), cancellationToken) : true;
    }

    private static byte[] Patch(long due)
    {
        var wanted = due == 0 ? null : new JsonObject { ["attestBy"] = WireTime.Of(due) };
        return Encoding.UTF8.GetBytes(new JsonObject { ["properties"] = new JsonObject { ["desired"] = new JsonObject { ["measuredBoot"] = wanted } } }.ToJsonString());
    }
}
