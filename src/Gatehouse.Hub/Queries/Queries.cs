using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Queries;

/// <summary>Queries of back ends over devices, modules and what jobs did on them.</summary>
/// <remarks>Source: IoT Hub "Query language for device and module twins, jobs, and message routing" page.</remarks>
public sealed class Queries : IDisposable
{
    private readonly TwinQueries twins;
    private readonly DeviceJobQueries deviceJobs;
    private readonly QueryOptions options;
    private readonly QueryReports reports;
    private readonly SemaphoreSlim running;

    internal Queries(TwinQueries twins, DeviceJobQueries deviceJobs, QueryOptions options, QueryReports reports)
    {
        this.reports = reports;
        this.twins = twins;
        this.deviceJobs = deviceJobs;
        this.options = options;
        running = new SemaphoreSlim(options.MaxConcurrent);
    }

    /// <summary>Most rows of a page.</summary>
    public const int MaxPageItems = 1000;

    /// <summary>One page. ArgumentInvalid: no query (with the position), no continuation of it, or too much work; ThrottlingException.</summary>
    /// <param name="hub">Hub.</param>
    /// <param name="text">The query.</param>
    /// <param name="pageItems">Most rows; null for the default. Above <see cref="MaxPageItems"/> behaves as that.</param>
    /// <param name="continuation">From the page before; null for the first.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<Result<QueryPage>> RunAsync(HubName hub, string text, int? pageItems, string? continuation, CancellationToken cancellationToken)
    {
        var started = reports.Start();
        var answer = await AnswerAsync(hub, text, pageItems, continuation, cancellationToken);
        reports.Answered(hub, text, started, answer);
        return answer;
    }

    public void Dispose() => running.Dispose();

    private async Task<Result<QueryPage>> AnswerAsync(HubName hub, string text, int? pageItems, string? continuation, CancellationToken cancellationToken)
    {
        var query = Query.Parse(text);
        if (!query.IsOk)
        {
            return query.Error;
        }

        if (pageItems < 1)
        {
            return HubErrors.ArgumentInvalid.With("The number of items of a page must be 1 or more.");
        }

        var from = continuation is null ? null : Continuation.Decode(continuation, text);
        if (continuation is not null && from is null)
        {
            return HubErrors.ArgumentInvalid.With("The continuation does not belong to this query.");
        }

        if (!await running.WaitAsync(options.TimeLimit, cancellationToken))
        {
            return HubErrors.ThrottlingException.With("Too many queries run at once.");
        }

        try
        {
            return await RunAsync(hub, query.Value, Continuation.Fingerprint(text), Math.Min(pageItems ?? options.PageItems, MaxPageItems), from, cancellationToken);
        }
        finally
        {
            running.Release();
        }
    }

    /// <summary>What a metric counts: the rows of the answer, or the number of a query that is one COUNT() alone. ArgumentInvalid, ThrottlingException.</summary>
    internal async Task<Result<long>> CountAsync(HubName hub, string text, CancellationToken cancellationToken)
    {
        var query = Query.Parse(text);
        if (!query.IsOk)
        {
            return query.Error;
        }

        if (query.Value.Source == QuerySource.DeviceJobs)
        {
            return HubErrors.ArgumentInvalid.With("Jobs are not counted.");
        }

        // Rows that nobody reads need not be written: they become one count, groups a count each.
        var isGrouped = query.Value.GroupBy.Count > 0;
        var counting = query.Value with { Columns = [new Column(ColumnKind.Count, null, "n")], Top = null };
        var isAggregate = query.Value.IsAggregate && !isGrouped && query.Value.Columns is not [{ Kind: ColumnKind.Count }];
        if (!await running.WaitAsync(options.TimeLimit, cancellationToken))
        {
            return HubErrors.ThrottlingException.With("Too many queries run at once.");
        }

        try
        {
            var page = await RunAsync(hub, counting, "", int.MaxValue, null, cancellationToken);
            if (!page.IsOk)
            {
                return page.Error;
            }

            using var rows = JsonDocument.Parse(page.Value.Json);
            var count = isGrouped ? rows.RootElement.GetArrayLength() : isAggregate ? 1 : rows.RootElement[0].GetProperty("n").GetInt64();
            return Math.Min(count, query.Value.Top ?? long.MaxValue);
        }
        finally
        {
            running.Release();
        }
    }

    private async Task<Result<QueryPage>> RunAsync(HubName hub, Query query, string fingerprint, int pageItems, Continuation? from, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.TimeLimit);
        try
        {
            return query.Source == QuerySource.DeviceJobs
                ? await deviceJobs.RunAsync(hub, query, fingerprint, pageItems, from, limit.Token)
                : await twins.RunAsync(hub, query, fingerprint, pageItems, from, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HubErrors.ArgumentInvalid.With($"The query needs more than {options.TimeLimit.TotalSeconds:0} s. Narrow it, by a tag if you can: tags are indexed.");
        }
    }
}
