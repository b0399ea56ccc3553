using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.ServerCertificates;

/// <summary>Takes to the audit log what the node did with its certificate by itself, or was killed before it had recorded, and what it shows. What is not recorded yet stays in the file.</summary>
internal sealed class ServerCertificateUpkeep(ServerCertificateChanges changes, ShownCertificateRecord shown, TimeProvider time, ILogger<ServerCertificateUpkeep> logger)
    : Upkeep(TimeSpan.FromSeconds(5), time, isAtOnce: true)
{
    public override async Task RunAsync(CancellationToken cancellationToken)
    {
        await changes.RecordAsync(cancellationToken);
        await shown.RecordAsync(cancellationToken);
    }

    protected override void TellFailed(Exception error) => logger.ServerCertificateNotRecorded(error);
}
