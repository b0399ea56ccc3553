using System.Buffers;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Resources;
using Gatehouse.Store;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing.DeadLetters;

/// <summary>The dead letters of a hub's endpoints: to be looked at, sent again, or thrown away. What is sent again or thrown away leaves an audit record in the same transaction.</summary>
public sealed class DeadLetterOffice
{
    /// <summary>Letters that are sent again in one transaction.</summary>
    private const int MaxBatch = 100;

    /// <summary>Letters of one answer.</summary>
    internal const int MaxPage = 1000;

    private readonly Database database;
    private readonly RoutingDefinitions definitions;
    private readonly HubLogs logs;
    private readonly TimeProvider time;

    internal DeadLetterOffice(Database database, RoutingDefinitions definitions, HubLogs logs, TimeProvider time) => (this.database, this.definitions, this.logs, this.time) = (database, definitions, logs, time);

    /// <summary>The oldest first. GenericNotFound: no such endpoint, or no letter <paramref name="after"/>.</summary>
    /// <param name="hub">Hub.</param>
    /// <param name="endpoint">Its name.</param>
    /// <param name="after">Id of the last letter of the page before; null for the first page.</param>
    /// <param name="count">1–1000.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<Result<IReadOnlyList<DeadLetter>>> ListAsync(HubName hub, string endpoint, string? after, int count, CancellationToken cancellationToken)
    {
        var place = await FindAsync(hub, endpoint, cancellationToken);
        if (!place.IsOk)
        {
            return place.Error;
        }

        var last = after is null ? null : await FindRowAsync(hub, place.Value, after, cancellationToken);
        if (after is not null && last is null)
        {
            return NoLetter(after);
        }

        var rows = await database.ReadAsync(
            (connection, cancel) => DeadLetterRows.ReadAsync(connection, null, hub, place.Value.Id, last, long.MaxValue, Math.Clamp(count, 1, MaxPage), cancel), cancellationToken);
        return rows.Select(DeadLetter.Of).ToList();
    }

    /// <summary>GenericNotFound.</summary>
    public async Task<Result<DeadLetter>> GetAsync(HubName hub, string endpoint, string id, CancellationToken cancellationToken)
    {
        var place = await FindAsync(hub, endpoint, cancellationToken);
        if (!place.IsOk)
        {
            return place.Error;
        }

        return await FindRowAsync(hub, place.Value, id, cancellationToken) is { } row ? DeadLetter.Of(row) : NoLetter(id);
    }

    /// <summary>Puts letters at the end of the endpoint's queue: one, or with no id all that are there now. How many. A crash in the middle may send some twice. GenericNotFound.</summary>
    public async Task<Result<int>> ReplayAsync(HubName hub, string endpoint, string? id, string actor, CancellationToken cancellationToken)
    {
        var place = await FindAsync(hub, endpoint, cancellationToken);
        if (!place.IsOk)
        {
            return place.Error;
        }

        var queue = await logs.OpenQueueAsync(hub, RunningEndpoint.QueueOf(place.Value.Id), cancellationToken);
        if (id is not null)
        {
            return await FindRowAsync(hub, place.Value, id, cancellationToken) is { } row ? await ReplayAsync(hub, place.Value, queue, [row], actor, cancellationToken) : NoLetter(id);
        }

        // Not those that die while this runs: an endpoint that still fails would keep it busy for ever.
        var until = time.GetUtcNow().UtcTicks;
        for (var count = 0; ;)
        {
            var rows = await database.ReadAsync((connection, cancel) => DeadLetterRows.ReadAsync(connection, null, hub, place.Value.Id, null, until, MaxBatch, cancel), cancellationToken);
            if (rows.Count == 0)
            {
                return count;
            }

            count += await ReplayAsync(hub, place.Value, queue, rows, actor, cancellationToken);
        }
    }

    /// <summary>Throws letters away: one, or with no id all, a thousand in a transaction. How many. GenericNotFound.</summary>
    public async Task<Result<int>> DropAsync(HubName hub, string endpoint, string? id, string actor, CancellationToken cancellationToken)
    {
        var place = await FindAsync(hub, endpoint, cancellationToken);
        if (!place.IsOk)
        {
            return place.Error;
        }

        DeadLetterId one = default;
        if (id is not null && !DeadLetterId.TryParse(id, out one))
        {
            return NoLetter(id);
        }

        var count = await database.DeleteInBatchesAsync(
            async (write, max, cancel) =>
            {
                var gone = id is null
                    ? await DeadLetterRows.DeleteOldestAsync(write, hub, place.Value.Id, max, cancel)
                    : await DeadLetterRows.DeleteAsync(write, hub, place.Value.Id, [one], cancel);
                if (gone > 0)
                {
                    write.Audit(Record(hub, actor, "endpoint.dead-letters.drop", place.Value.Name, gone, id));
                }

                return gone;
            },
            cancellationToken);
        return count == 0 && id is not null ? NoLetter(id) : count;
    }

    private static HubError NoLetter(string id) => HubErrors.GenericNotFound.With($"There is no dead letter '{ResourceName.Cut(id)}' of this endpoint.");

    private static AuditRecord Record(HubName hub, string actor, string action, string endpoint, int letters, string? id)
    {
        var detail = new JsonObject { ["letters"] = letters };
        if (id is not null)
        {
            detail["id"] = id;
        }

        return new AuditRecord { Hub = hub.Value, Actor = actor, Action = action, Subject = endpoint, Detail = detail.ToJsonString() };
    }

    private async Task<Result<RoutingEndpoint>> FindAsync(HubName hub, string endpoint, CancellationToken cancellationToken) =>
        (await definitions.ReadAsync(hub, cancellationToken)).FindEndpoint(endpoint) is { } found ? found.Shown : HubErrors.GenericNotFound.With($"There is no endpoint '{ResourceName.Cut(endpoint)}'.");

    private async Task<DeadLetterRow?> FindRowAsync(HubName hub, RoutingEndpoint endpoint, string id, CancellationToken cancellationToken) =>
        DeadLetterId.TryParse(id, out var parsed) ? await database.ReadAsync((connection, cancel) => DeadLetterRows.FindAsync(connection, hub, endpoint.Id, parsed, cancel), cancellationToken) : null;

    // First durable in the queue, then gone from here.
    private async Task<int> ReplayAsync(HubName hub, RoutingEndpoint endpoint, IEventLog queue, IReadOnlyList<DeadLetterRow> rows, string actor, CancellationToken cancellationToken)
    {
        var record = new RoutedRecord();
        var wait = new CommitWait();
        foreach (var row in rows)
        {
            wait.Add();
            while (!queue.TryAppend((int)row.Part, record.ReplayHead(row.Record), new ReadOnlySequence<byte>(RoutedRecord.BodyOf(row.Record)), wait, 0))
            {
                await queue.WaitForRoomAsync(cancellationToken);
            }
        }

        if (!await wait.WaitAsync().WaitAsync(cancellationToken))
        {
            throw new IOException("Dead letters could not be put into the queue.");
        }

        var ids = rows.Select(row => new DeadLetterId(row.Part, row.Sequence)).ToList();
        await database.WriteAsync<bool>(
            async (write, cancel) =>
            {
                await DeadLetterRows.DeleteAsync(write, hub, endpoint.Id, ids, cancel);
                write.Audit(Record(hub, actor, "endpoint.dead-letters.replay", endpoint.Name, rows.Count, rows.Count == 1 ? ids[0].ToString() : null));
                return true;
            },
            cancellationToken);
        return rows.Count;
    }
}
