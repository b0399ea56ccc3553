using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using Gatehouse.Contracts.Audit;

namespace Gatehouse.Store.Audit;

/// <summary>Result of walking the chain.</summary>
/// <param name="Records">Records that were verified.</param>
/// <param name="FirstSequence">Oldest record kept.</param>
/// <param name="LastSequence">Newest record.</param>
/// <param name="BrokenAt">First record that does not fit; null when the chain is whole.</param>
/// <param name="Problem">What does not fit, in one sentence; null when the chain is whole.</param>
public sealed record AuditVerification(long Records, long FirstSequence, long LastSequence, long? BrokenAt, string? Problem);

/// <summary>Reads, verifies and prunes the hash-chained audit log. It is written by <see cref="WriteTransaction.Audit"/> only.</summary>
/// <remarks>
/// The chain shows any change, removal or reordering of records made without recomputing all later hashes. Whoever can write the whole database can recompute
/// them: export the newest hash now and then to a place of its own to notice that too.
/// </remarks>
public sealed class AuditLog(Database database, AuditOptions options)
{
    private const int VerifyBatch = 5_000;

    /// <summary>Records after a sequence number, oldest first.</summary>
    /// <param name="hub">Only this hub's; null for all.</param>
    /// <param name="after">Sequence number to continue after; 0 from the start.</param>
    /// <param name="max">1–1000.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(string? hub, long after, int max, CancellationToken cancellationToken) => await database.ReadAsync(
        async (connection, cancellation) =>
        {
            var rows = await connection.QueryAsync<AuditRows.Row>(new CommandDefinition(
                $"SELECT {AuditRows.Columns} FROM audit_log WHERE sequence > @after AND (CAST(@hub AS TEXT) IS NULL OR hub = @hub) ORDER BY sequence LIMIT @max",
                new { hub, after, max }, cancellationToken: cancellation));
            return (IReadOnlyList<AuditEntry>)[.. rows.Select(row => row.ToEntry())];
        },
        cancellationToken);

    /// <summary>Walks the whole chain from the anchor to the head, and looks for records outside it.</summary>
    public async Task<AuditVerification> VerifyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var head = await ReadHeadAsync(cancellationToken);
            var found = await WalkAsync(head, cancellationToken);
            if (found.BrokenAt is null)
            {
                return await database.ReadAsync(AuditRows.FindOutsideAsync, cancellationToken) is { } outside
                    ? Broken(head, outside, $"Record {outside} stands outside the chain: the server did not write it.")
                    : found;
            }

            // Records that a pruning took away during the walk are no alarm: walk again from the new anchor.
            if ((await ReadHeadAsync(cancellationToken)).AnchorSequence == head.AnchorSequence)
            {
                return found;
            }
        }
    }

    /// <summary>Cuts the log to its size, a thousand records in a transaction; each cut is itself a record in the chain. Returns how many records went.</summary>
    public async Task<int> PruneAsync(CancellationToken cancellationToken)
    {
        // What is too much now: the records of the cuts would ask for cuts of their own, without end.
        var surplus = (await ReadHeadAsync(cancellationToken)).Sequence - options.MaxRecords;
        return await database.DeleteInBatchesAsync(
            async (transaction, max, cancellation) =>
            {
                var head = await AuditRows.ReadHeadAsync(transaction.Connection, transaction.Transaction, database.Dialect.ForUpdate, cancellation);
                var last = Math.Min(surplus, head.AnchorSequence + max);
                if (last <= head.AnchorSequence)
                {
                    return 0;
                }

                await AuditRows.PruneAsync(transaction.Connection, transaction.Transaction, last, cancellation);
                transaction.Audit(new AuditRecord { Actor = "server", Action = "audit.pruned", Subject = "audit", Detail = $$"""{"upTo":{{last}},"records":{{last - head.AnchorSequence}}}""" });
                return (int)(last - head.AnchorSequence);
            },
            cancellationToken);
    }

    private async Task<AuditVerification> WalkAsync(AuditRows.Head head, CancellationToken cancellationToken)
    {
        var sequence = head.AnchorSequence;
        var hash = head.AnchorHash;
        while (sequence < head.Sequence)
        {
            var batch = await ReadBatchAsync(sequence, head.Sequence, cancellationToken);
            foreach (var row in batch)
            {
                if (row.Sequence != sequence + 1)
                {
                    return Broken(head, sequence + 1, $"Record {sequence + 1} is missing.");
                }

                var expected = AuditEntry.ComputeHash(hash, row.Sequence, row.Time, row.Fields);
                if (!CryptographicOperations.FixedTimeEquals(expected, row.Hash))
                {
                    return Broken(head, row.Sequence, $"Record {row.Sequence} was altered, or does not follow the record before it.");
                }

                (sequence, hash) = (row.Sequence, row.Hash);
            }

            if (batch.Count == 0)
            {
                return Broken(head, sequence + 1, $"Records {sequence + 1} to {head.Sequence} are missing.");
            }
        }

        return CryptographicOperations.FixedTimeEquals(hash, head.Hash)
            ? new AuditVerification(head.Sequence - head.AnchorSequence, head.AnchorSequence + 1, head.Sequence, null, null)
            : Broken(head, head.Sequence, "The newest record is not the one that the head names.");
    }

    private Task<AuditRows.Head> ReadHeadAsync(CancellationToken cancellationToken) =>
        database.ReadAsync((connection, cancellation) => AuditRows.ReadHeadAsync(connection, null, "", cancellation), cancellationToken);

    private static AuditVerification Broken(AuditRows.Head head, long at, string problem) =>
        new(Math.Clamp(at - head.AnchorSequence - 1, 0, head.Sequence - head.AnchorSequence), head.AnchorSequence + 1, head.Sequence, at, problem);

    private Task<List<AuditRows.Row>> ReadBatchAsync(long after, long last, CancellationToken cancellationToken) => database.ReadAsync(
        async (DbConnection connection, CancellationToken cancellation) => (await connection.QueryAsync<AuditRows.Row>(new CommandDefinition(
            $"SELECT {AuditRows.Columns} FROM audit_log WHERE sequence > @after AND sequence <= @last ORDER BY sequence LIMIT @max",
            new { after, last, max = VerifyBatch }, cancellationToken: cancellation))).AsList(),
        cancellationToken);
}
