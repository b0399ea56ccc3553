using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.Rotation;

/// <summary>Looks every two seconds for keys that are to be carried to hubs.</summary>
internal sealed class KeyRollUpkeep(KeyRolls rolls, TimeProvider time, ILogger<KeyRollUpkeep> log) : Upkeep(TimeSpan.FromSeconds(2), time)
{
    public override Task RunAsync(CancellationToken cancellationToken) => rolls.RunAsync(cancellationToken);

    protected override void TellFailed(Exception error) => log.KeyRollInterrupted(error);
}
