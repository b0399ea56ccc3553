using System.Threading.Channels;
using Dapper;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Store.Audit;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Refusals;

/// <summary>Writes refusals behind the doors' backs: <see cref="Report"/> only queues, one task writes them in batches, and what one peer can make it write is bounded.</summary>
public sealed class RefusalLog : IRefusalLog, IAsyncDisposable
{
    private const int BatchSize = 256;

    private readonly Database database;
    private readonly RefusalOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Channel<Refusal> waiting;
    private readonly RefusalFolding folding;
    private readonly CancellationTokenSource closing = new();
    private readonly Task writing;
    private Task<bool>? arrival;
    private Task? minuteEnd;
    private long overflowed;

    public RefusalLog(Database database, RefusalOptions options, TimeProvider time, ILogger<RefusalLog> logger)
    {
        (this.database, this.options, this.time, this.logger) = (database, options, time, logger);
        waiting = Channel.CreateBounded<Refusal>(new BoundedChannelOptions(options.MaxWaiting) { SingleReader = true });
        folding = new RefusalFolding(options);
        writing = Task.Run(WriteLoopAsync);
    }

    public void Report(Refusal refusal)
    {
        if (!waiting.Writer.TryWrite(refusal))
        {
            Interlocked.Increment(ref overflowed);
        }
    }

    /// <summary>The newest refusals of an identity or policy name, newest first.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="claimed">Device, device/module or policy; null for all of the hub.</param>
    /// <param name="max">1–1000.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public Task<IReadOnlyList<RecordedRefusal>> ReadAsync(string hub, string? claimed, int max, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, cancellation) =>
        {
            var rows = await connection.QueryAsync<(long Sequence, long Time, string Claimed, string Reason, long Code, string Detail, string Protocol, string? Address, long Repeats)>(new CommandDefinition(
                """
                SELECT sequence, time, claimed, reason, error_code, detail, protocol, remote_address, repeats FROM refusals
                WHERE hub = @hub AND (CAST(@claimed AS TEXT) IS NULL OR claimed = @claimed) ORDER BY sequence DESC LIMIT @max
                """,
                new { hub, claimed = RefusalRows.Clean(claimed), max }, cancellationToken: cancellation));
            return (IReadOnlyList<RecordedRefusal>)[.. rows.Select(row => new RecordedRefusal(row.Sequence, AuditEntry.FromMicros(row.Time), row.Claimed, row.Reason, (int)row.Code, row.Detail, row.Protocol, row.Address, row.Repeats))];
        },
        cancellationToken);

    /// <summary>Writes what still waits, then ends. The container knows this log under two names and disposes it under both: the second time nothing is left to do.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!waiting.Writer.TryComplete())
        {
            return;
        }

        await closing.CancelAsync();
        await writing;
        closing.Dispose();
    }

    private async Task WriteLoopAsync()
    {
        var minute = time.GetTimestamp();
        var batch = new List<(Refusal, long)>(BatchSize);
        while (true)
        {
            var isOpen = await WaitForWorkAsync();
            while (batch.Count < BatchSize && waiting.Reader.TryRead(out var refusal))
            {
                if (folding.IsSingle(refusal))
                {
                    batch.Add((refusal, 0));
                }
            }

            if (!isOpen || time.GetElapsedTime(minute) >= TimeSpan.FromMinutes(1))
            {
                minute = time.GetTimestamp();
                batch.AddRange(folding.EndMinute());
                AddOverflow(batch);
            }

            await WriteAsync(batch);
            batch.Clear();
            if (!isOpen && !waiting.Reader.TryPeek(out _))
            {
                return;
            }
        }
    }

    /// <summary>Waits for a refusal (at most a minute, for the folded ones), then a little longer so that others join its batch. False once the log is closing.</summary>
    private async Task<bool> WaitForWorkAsync()
    {
        try
        {
            arrival ??= waiting.Reader.WaitToReadAsync(closing.Token).AsTask();
            minuteEnd ??= Task.Delay(TimeSpan.FromMinutes(1), time, closing.Token);
            var done = await Task.WhenAny(arrival, minuteEnd);
            if (done == arrival)
            {
                arrival = null;
            }

            if (minuteEnd.IsCompleted)
            {
                minuteEnd = null;
            }

            await Task.Delay(options.GatherTime, time, closing.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void AddOverflow(List<(Refusal, long)> batch)
    {
        var lost = Interlocked.Exchange(ref overflowed, 0);
        if (lost > 0)
        {
            batch.Add((new Refusal { Reason = RefusalReason.Throttled, Error = HubErrors.ThrottlingException, Detail = $"{lost} refusals came faster than they could be recorded singly.", Protocol = "mqtt" }, lost - 1));
        }
    }

    private async Task WriteAsync(List<(Refusal Refusal, long Repeats)> batch)
    {
        if (batch.Count == 0)
        {
            return;
        }

        try
        {
            await database.WriteAsync<int>(
                async (transaction, cancellation) =>
                {
                    await RefusalRows.InsertAsync(transaction, database.Dialect, batch, time.GetUtcNow(), cancellation);
                    await RefusalRows.TrimAsync(transaction, batch.Select(entry => (entry.Refusal.Hub, entry.Refusal.Claimed)).Distinct(), options, cancellation);
                    return batch.Count;
                },
                CancellationToken.None);
        }
        catch (Exception error)
        {
            StoreLog.RefusalsLost(logger, batch.Count, error);
        }
    }
}
