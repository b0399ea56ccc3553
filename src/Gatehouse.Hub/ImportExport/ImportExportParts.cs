using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Sinks;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.ImportExport;

/// <summary>What imports and exports of all hubs share.</summary>
internal sealed record ImportExportParts
{
    public required Database Database { get; init; }

    public required BulkRegistry Bulk { get; init; }

    public required Configurations.Configurations Configurations { get; init; }

    public required IdentityViews Views { get; init; }

    public required ContainerSeal Seal { get; init; }

    public required ImportExportOptions Options { get; init; }

    /// <summary>Who may be called.</summary>
    public required SinkOptions Sinks { get; init; }

    /// <summary>Lines of one transaction.</summary>
    public required int BatchLines { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Log { get; init; }

    internal DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>Changes a job in one transaction; null when it is gone.</summary>
    internal async Task<ImportExportRow?> ChangeAsync(HubName hub, string jobId, Func<WriteTransaction, ImportExportRow, CancellationToken, Task<ImportExportRow>> change, CancellationToken cancellationToken)
    {
        var changed = await Database.WriteAsync<ImportExportRow?>(
            async (write, token) =>
            {
                if (await ImportExportRows.LockAsync(write, Database.Dialect, hub, jobId, token) is not { } row)
                {
                    return Result<ImportExportRow?>.Of(null);
                }

                var after = await change(write, row, token);
                await ImportExportRows.UpdateAsync(write, after, token);
                return after;
            },
            cancellationToken);
        return changed.Value;
    }
}
