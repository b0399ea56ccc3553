using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.LinkedHubs;

/// <summary>Looks every 15 seconds for devices that are due to be taken from the hub that they left.</summary>
internal sealed class LeftDeviceUpkeep(LeftDevices left, TimeProvider time, ILogger<LeftDeviceUpkeep> log) : Upkeep(TimeSpan.FromSeconds(15), time)
{
    public override Task RunAsync(CancellationToken cancellationToken) => left.RunAsync(cancellationToken);

    protected override void TellFailed(Exception error) => log.LeftDevicesFailed(error);
}
