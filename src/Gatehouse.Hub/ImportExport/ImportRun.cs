using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Registry;
using Gatehouse.Sinks.Blobs;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Imports the lines of a blob, some in one transaction together with how far it is: no line is done twice or left out, whenever the server ends.</summary>
internal sealed class ImportRun(HubName hub, ImportExportRow started, ContainerAddresses addresses, ImportExportParts parts)
{
    private const int ErrorRows = 1_000;
    private const int BlockBytes = 1024 * 1024;

    private readonly ImportExportSettings settings = started.ReadSettings();

    /// <summary>Null when all is done, or the job was cancelled.</summary>
    internal async Task<HubError?> RunAsync(CancellationToken cancellationToken)
    {
        using var input = new BlobContainer(addresses.Input, parts.Sinks);
        var head = await input.FindAsync(settings.InputBlob, cancellationToken);
        if (!head.IsOk)
        {
            return head.Error;
        }

        var row = started.InputEtag is null ? await parts.ChangeAsync(hub, started.JobId, (_, found, _) => Task.FromResult(found with { InputEtag = head.Value.ETag }), cancellationToken) : started;
        if (row is null || row.InputEtag != head.Value.ETag)
        {
            return row is null ? null : HubErrors.BlobContainerValidationError.With("The blob was changed while it was imported.");
        }

        if (row.InputBytes < head.Value.Length && await ImportAsync(input, row, head.Value, cancellationToken) is { } fault)
        {
            return fault.Code == HubErrors.JobCancelled.Code ? null : fault;
        }

        return await WriteErrorsAsync(row, cancellationToken);
    }

    private async Task<HubError?> ImportAsync(BlobContainer input, ImportExportRow row, BlobHead head, CancellationToken cancellationToken)
    {
        var stream = await input.OpenAsync(settings.InputBlob, head.ETag, row.InputBytes, cancellationToken);
        if (!stream.IsOk)
        {
            return stream.Error;
        }

        await using var lines = new BlobLines(stream.Value, parts.Options.MaxLineBytes, head.Length - row.InputBytes);
        var batch = new ImportBatch(row.InputLines, row.InputBytes);
        while (await lines.ReadAsync(cancellationToken) is { } line)
        {
            // One identity at most once in a transaction.
            var item = line.IsTooLong ? HubErrors.IotHubFormatError.With($"The line is longer than {parts.Options.MaxLineBytes} bytes.") : line.Text.IsEmpty ? default(Result<BulkItem>?) : ImportedLine.Read(line.Text.Span);
            if (batch.Lines == parts.BatchLines || (item is { IsOk: true } read && batch.Has(read.Value.Input.Key)))
            {
                if (await CommitAsync(batch, head, cancellationToken) is { } fault)
                {
                    return fault;
                }

                batch = new ImportBatch(batch.Line, batch.Bytes);
            }

            batch.Add(line, item);
        }

        return lines.IsTooLong ? HubErrors.BlobContainerValidationError.With("The storage service sends more than the blob is long.")
            : batch.Lines == 0 ? null
            : await CommitAsync(batch, head, cancellationToken);
    }

    private async Task<HubError?> CommitAsync(ImportBatch batch, BlobHead head, CancellationToken cancellationToken)
    {
        var done = await parts.Bulk.RunAsync(
            hub,
            started.LineActor,
            batch.Items,
            async (change, errors, token) =>
            {
                if (await ImportExportRows.LockAsync(change.Transaction, parts.Database.Dialect, hub, started.JobId, token) is not { Status: JobStates.Running } row)
                {
                    return HubErrors.JobCancelled;
                }

                // A node that stood still past its lease finds these lines done by another.
                if (row.InputBytes != batch.From)
                {
                    return HubErrors.ServiceUnavailable.With("Another node goes on with the import.");
                }

                var all = batch.Describe(errors);
                await ImportExportRows.AddErrorsAsync(change.Transaction, row, all.Take((int)Math.Max(0, parts.Options.MaxErrors - row.Errors)), token);
                await ImportExportRows.UpdateAsync(
                    change.Transaction,
                    row with { InputBytes = batch.Bytes, InputLines = batch.Line, Errors = row.Errors + all.Count, Progress = Math.Min(99, batch.Bytes * 100 / Math.Max(1, head.Length)) },
                    token);
                return null;
            },
            cancellationToken);
        return done.Error;
    }

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
