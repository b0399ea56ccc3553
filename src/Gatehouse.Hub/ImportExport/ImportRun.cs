using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Jobs;
using Gatehouse.Sinks.Blobs;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Imports the lines of blobs, some in one transaction together with how far it is: no line is done twice or left out, whenever the server ends.</summary>
internal sealed class ImportRun(HubName hub, ImportExportRow started, ContainerAddresses addresses, ImportExportParts parts)
{
    private const int ErrorRows = 1_000;
    private const int BlockBytes = 1024 * 1024;

    /// <summary>Of a transaction; the longest line may come on top.</summary>
    private const long BatchBytes = 4 * 1024 * 1024;

    private readonly IReadOnlyList<string> blobs = started.ReadSettings().InputBlobs();

    private static HubError Elsewhere => HubErrors.ServiceUnavailable.With("Another node goes on with the import.");

    /// <summary>Null when all is done, or the job was cancelled.</summary>
    internal async Task<HubError?> RunAsync(CancellationToken cancellationToken)
    {
        using var input = new BlobContainer(addresses.Input, parts.Sinks);
        var row = started;
        while (row.InputPart < blobs.Count)
        {
            if (await ImportAsync(input, row, cancellationToken) is { } fault)
            {
                return fault.Code == HubErrors.JobCancelled.Code ? null : fault;
            }

            var done = row.InputPart;
            if (await ChangeAsync(found => found.InputPart == done ? found.At(new ImportPlace(done + 1, 0, 0), etag: null) : found, cancellationToken) is not { } next)
            {
                return null;
            }

            row = next;
        }

        return await WriteErrorsAsync(row, cancellationToken);
    }

    private async Task<HubError?> ImportAsync(BlobContainer input, ImportExportRow reached, CancellationToken cancellationToken)
    {
        var head = await input.FindAsync(blobs[(int)reached.InputPart], cancellationToken);
        if (!head.IsOk)
        {
            return head.Error;
        }

        var row = reached.InputEtag is null ? await ChangeAsync(found => found.InputEtag is null ? found with { InputEtag = head.Value.ETag } : found, cancellationToken) : reached;
        return row is null ? HubErrors.JobCancelled
            : row.InputPart != reached.InputPart ? Elsewhere
            : row.InputEtag != head.Value.ETag ? HubErrors.BlobContainerValidationError.With("The blob was changed while it was imported.")
            : row.InputBytes < head.Value.Length ? await ImportAsync(input, row, head.Value, cancellationToken)
            : null;
    }

    private async Task<HubError?> ImportAsync(BlobContainer input, ImportExportRow row, BlobHead head, CancellationToken cancellationToken)
    {
        var stream = await input.OpenAsync(blobs[(int)row.InputPart], head.ETag, row.InputBytes, cancellationToken);
        if (!stream.IsOk)
        {
            return stream.Error;
        }

        await using var lines = new BlobLines(stream.Value, parts.Options.MaxLineBytes, head.Length - row.InputBytes);
        var batch = NewBatch(row.Place);
        while (await lines.ReadAsync(cancellationToken) is { } line)
        {
            if (!IsFull(batch) && batch.TryAdd(line, parts.Options.MaxLineBytes))
            {
                continue;
            }

            if (await CommitAsync(batch, head, cancellationToken) is { } fault)
            {
                return fault;
            }

            batch = NewBatch(batch.To);
            batch.TryAdd(line, parts.Options.MaxLineBytes);
        }

        return lines.IsTooLong ? HubErrors.BlobContainerValidationError.With("The storage service sends more than the blob is long.")
            : batch.To == batch.From ? null
            : await CommitAsync(batch, head, cancellationToken);
    }

    // Null when it is cancelled or gone.
    private async Task<ImportExportRow?> ChangeAsync(Func<ImportExportRow, ImportExportRow> change, CancellationToken cancellationToken) =>
        await parts.ChangeAsync(hub, started.JobId, (_, found, _) => Task.FromResult(found.Status == JobStates.Running ? change(found) : found), cancellationToken) is { Status: JobStates.Running } row ? row : null;

    private ImportBatch NewBatch(ImportPlace from) => from.Part == 0 ? new IdentityBatch(hub, started.LineActor, from, parts.Bulk) : new ConfigurationBatch(hub, started.LineActor, from, parts);

    private bool IsFull(ImportBatch batch) => batch.To.Line - batch.From.Line == parts.BatchLines || batch.To.Bytes - batch.From.Bytes >= BatchBytes;

    private Task<HubError?> CommitAsync(ImportBatch batch, BlobHead head, CancellationToken cancellationToken) => batch.RunAsync(
        async (write, errors, token) =>
        {
            if (await ImportExportRows.LockAsync(write, parts.Database.Dialect, hub, started.JobId, token) is not { Status: JobStates.Running } row)
            {
                return HubErrors.JobCancelled;
            }

            // A node that stood still past its lease finds these lines done by another.
            if (row.Place != batch.From)
            {
                return Elsewhere;
            }

            await ImportExportRows.AddErrorsAsync(write, row, errors.Take((int)Math.Max(0, parts.Options.MaxErrors - row.Errors)), token);
            var progress = ((batch.To.Part * 100) + (batch.To.Bytes * 100 / Math.Max(1, head.Length))) / blobs.Count;
            await ImportExportRows.UpdateAsync(write, row.At(batch.To, row.InputEtag) with { Errors = row.Errors + errors.Count, Progress = Math.Min(99, progress) }, token);
            return null;
        },
        cancellationToken);

    // Always, so that the log of an earlier import does not pass for this one's.
    private async Task<HubError?> WriteErrorsAsync(ImportExportRow row, CancellationToken cancellationToken)
    {
        using var output = new BlobContainer(addresses.Output, parts.Sinks);
        await using var blob = new BlobWriter(output, ImportExportJobs.ErrorsBlob, BlockBytes);
        var after = 0L;
        while (true)
        {
            var errors = await parts.Database.ReadAsync((connection, token) => ImportExportRows.ReadErrorsAsync(connection, row, after, ErrorRows, token), cancellationToken);
            foreach (var error in errors)
            {
                blob.WriteLine(error.Json);
                after = error.Line;
                if (blob.IsFull && await blob.SendAsync(cancellationToken) is { } fault)
                {
                    return fault;
                }
            }

            if (errors.Count < ErrorRows)
            {
                return await blob.CompleteAsync(cancellationToken);
            }
        }
    }
}
