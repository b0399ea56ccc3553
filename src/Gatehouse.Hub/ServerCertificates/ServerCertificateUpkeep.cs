using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.ServerCertificates;

/// <summary>Takes to the audit log what the node did with its certificate by itself, or was killed before it had recorded. What is not recorded yet stays in the file.</summary>
internal sealed class ServerCertificateUpkeep(ServerCertificateChanges changes, TimeProvider time, ILogger<ServerCertificateUpkeep> logger) : Upkeep(TimeSpan.FromSeconds(5), time, isAtOnce: true)
{
    public override Task RunAsync(CancellationToken cancellationToken) => changes.RecordAsync(cancellationToken);

    protected override void TellFailed(Exception error) => logger.ServerCertificateNotRecorded(error);
}
