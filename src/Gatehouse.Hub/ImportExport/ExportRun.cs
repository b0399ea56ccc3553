using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Registry;
using Gatehouse.Sinks.Blobs;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Exports all identities with their twins, a page at a time, and the configurations where they are wanted. The blob appears when it is whole; a run that was broken off begins again.</summary>
internal sealed class ExportRun(HubName hub, ImportExportRow started, ContainerAddresses addresses, ImportExportParts parts)
{
    /// <summary>A page of the largest twins stays below 10 MB.</summary>
    private const int PageRows = 50;

    private const int BlockBytes = 1024 * 1024;

    private static readonly JsonWriterOptions LineOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ImportExportSettings settings = started.ReadSettings();

    /// <summary>Null when all is done, or the job was cancelled.</summary>
    internal async Task<HubError?> RunAsync(CancellationToken cancellationToken)
    {
        using var output = new BlobContainer(addresses.Output, parts.Sinks);
        await using var blob = new BlobWriter(output, settings.OutputBlob, BlockBytes);
        var counts = await parts.Database.ReadAsync((connection, token) => RegistryCounts.ReadAsync(connection, hub, token), cancellationToken);
        var (place, done) = (("", ""), 0L);
        while (true)
        {
            var page = await parts.Database.ReadAsync((connection, token) => ExportRows.ReadAsync(connection, hub, place, PageRows, token), cancellationToken);
            foreach (var each in page)
            {
                ExportedLine.Write(blob.Buffer, parts.Views.Show(hub, each.Identity), each.Twin, settings.ExcludeKeys);
                blob.EndLine();
                place = (each.Identity.DeviceId, each.Identity.ModuleId);
            }

            done += page.Count;
            if (blob.IsFull || page.Count < PageRows)
            {
                if (await blob.SendAsync(cancellationToken) is { } fault)
                {
                    return fault;
                }

                if (!await IsWantedAsync(done, counts?.Identities ?? 0, cancellationToken))
                {
                    return null;
                }
            }

            if (page.Count < PageRows)
            {
                return await blob.CompleteAsync(cancellationToken) ?? await ExportConfigurationsAsync(output, cancellationToken);
            }
        }
    }

    private async Task<HubError?> ExportConfigurationsAsync(BlobContainer output, CancellationToken cancellationToken)
    {
        if (settings.ConfigurationsBlob is not { } name)
        {
            return null;
        }

        await using var blob = new BlobWriter(output, name, BlockBytes);
        foreach (var each in await parts.Configurations.ListAsync(hub, top: null, cancellationToken))
        {
            using (var writer = new Utf8JsonWriter(blob.Buffer, LineOptions))
            {
                each.WriteTo(writer);
            }

            blob.EndLine();
            if (blob.IsFull && await blob.SendAsync(cancellationToken) is { } fault)
            {
                return fault;
            }
        }

        return await blob.CompleteAsync(cancellationToken);
    }

    // Cancelled in between: the blocks that were sent are no blob, and the storage service drops them.
    private async Task<bool> IsWantedAsync(long done, long all, CancellationToken cancellationToken)
    {
        var row = await parts.ChangeAsync(
            hub,
            started.JobId,
            (_, found, _) => Task.FromResult(found.Status == JobStates.Running ? found with { Progress = Math.Min(99, done * 100 / Math.Max(1, all)) } : found),
            cancellationToken);
        return row is { Status: JobStates.Running };
    }
}
