using System.Data.Common;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Transparency;

namespace Gatehouse.Store.TrustLog;

/// <summary>The trust log as it is stored: gives entries their places, and reads tiles and entries. It is written by <see cref="WriteTransaction.Audit"/> (<see cref="TrustActions"/>); who signs it is another's affair.</summary>
/// <remarks>
/// An entry waits in a queue from the transaction of the change on. Places are given under the lock of the head's row, so that there is one tree whatever nodes do; a signed checkpoint is of a tree that is durable,
/// and the tree may be ahead of it. What is killed in between is done by whoever comes next.
/// </remarks>
public sealed class TrustLogStore(Database database)
{
    /// <summary>Entries of one transaction: others wait for it.</summary>
    private const int MaxEntries = 512;

    /// <summary>Places that an answer names.</summary>
    private const int MaxPlaces = 100;

    /// <summary>Null before there is a log.</summary>
    public Task<TrustLogState?> ReadAsync(CancellationToken cancellationToken) =>
        database.ReadAsync((connection, cancellation) => TrustLogRows.ReadStateAsync(connection, null, "", cancellation), cancellationToken);

    /// <summary>Whether entries wait for their places.</summary>
    public async Task<bool> IsWaitingAsync(CancellationToken cancellationToken) => await database.ReadAsync(TrustLogRows.IsWaitingAsync, cancellationToken);

    /// <summary>Begins the log, if there is none; its first entry says so.</summary>
    /// <param name="origin">Its name.</param>
    /// <param name="signingKey">Address of its key.</param>
    /// <param name="key">Public half of it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task BeginAsync(string origin, string signingKey, NoteKey key, CancellationToken cancellationToken) => await database.WriteAsync<bool>(
        async (write, cancellation) =>
        {
            if (await TrustLogRows.BeginAsync(write, origin, signingKey, key.ToString(), cancellation))
            {
                write.Audit(new AuditRecord { Actor = "server", Action = "trustlog.begin", Subject = origin, Detail = TrustLogDetails.Of(signingKey, key), Fingerprint = key.Fingerprint });
            }

            return true;
        },
        cancellationToken);

    /// <summary>Takes a log that was tampered with apart and begins another with what is left of it, under another name: nobody who knew the first can take it for that one.</summary>
    /// <param name="origin">Name of the new one.</param>
    /// <param name="signingKey">Address of its key.</param>
    /// <param name="key">Public half of it.</param>
    /// <param name="record">Who did it; the facts are filled in here.</param>
    /// <param name="problem">Why.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task BeginAnewAsync(string origin, string signingKey, NoteKey key, AuditRecord record, string problem, CancellationToken cancellationToken) => await database.WriteAsync<bool>(
        async (write, cancellation) =>
        {
            var former = await TrustLogRows.ReadStateAsync(write.Connection, write.Transaction, database.Dialect.ForUpdate, cancellation);
            await TrustLogRows.TakeApartAsync(write, cancellation);
            await TrustLogRows.BeginAsync(write, origin, signingKey, key.ToString(), cancellation);
            write.Audit(record with { Subject = origin, Detail = TrustLogDetails.Of(signingKey, key, former, problem), Fingerprint = key.Fingerprint });
            return true;
        },
        cancellationToken);

    /// <summary>Announces the key that takes over. GenericConflict while another is announced.</summary>
    public Task<Result<bool>> AnnounceAsync(string signingKey, Func<string, NoteKey> keyOf, AuditRecord record, CancellationToken cancellationToken) => database.WriteAsync<bool>(
        async (write, cancellation) =>
        {
            if (await TrustLogRows.ReadStateAsync(write.Connection, write.Transaction, database.Dialect.ForUpdate, cancellation) is not { } state)
            {
                return HubErrors.ServiceUnavailable.With("The trust log has not begun yet.");
            }

            if (state.Announced is { } other)
            {
                return HubErrors.GenericConflict.With($"The key {other.Address} is announced already and takes over with the next checkpoint.");
            }

            var key = keyOf(state.Origin);
            if (state.Keys.Any(each => each.VerifierKey == key.ToString()))
            {
                return HubErrors.GenericConflict.With($"The log has signed by the key {signingKey} already: name a new one.");
            }

            await TrustLogRows.AddKeyAsync(write, state.Keys[^1].Number + 1, signingKey, key.ToString(), cancellation);
            write.Audit(record with { Subject = state.Origin, Detail = TrustLogDetails.Of(signingKey, key), Fingerprint = key.Fingerprint });
            return true;
        },
        cancellationToken);

    /// <summary>Gives the oldest entries of the queue their places, and makes the tiles.</summary>
    /// <returns>The log after it; null while there is none.</returns>
    /// <exception cref="TrustLogBrokenException">The tree that is to be continued is not the one that the head names. Nothing was changed.</exception>
    public async Task<TrustLogState?> SequenceAsync(CancellationToken cancellationToken)
    {
        var sequenced = await database.WriteAsync<TrustLogState?>(
            async (write, cancellation) =>
            {
                if (await TrustLogRows.ReadStateAsync(write.Connection, write.Transaction, database.Dialect.ForUpdate, cancellation) is not { } state)
                {
                    return Result<TrustLogState?>.Of(null);
                }

                var rows = await TrustLogRows.ReadQueueAsync(write, MaxEntries, cancellation);
                if (rows.Count == 0)
                {
                    return state;
                }

                var tree = await ResumeAsync(write.Connection, write.Transaction, state, cancellation);
                foreach (var row in rows)
                {
                    tree.Add(MerkleHash.OfEntry(row.Entry));
                }

                await TrustLogRows.PlaceAsync(write, database.Dialect, rows, state.Size, cancellation);
                await TrustLogRows.SaveTilesAsync(write, tree.TakeChanged(), cancellation);
                var root = tree.Root;
                await TrustLogRows.SaveHeadAsync(write, tree.Size, root, cancellation);
                return state with { Size = tree.Size, Root = root };
            },
            cancellationToken);
        return sequenced.Value;
    }

    /// <summary>Keeps a signed checkpoint, unless a larger one is kept; where the announced key's announcement is in it, that key takes over.</summary>
    /// <param name="size">Entries that it covers.</param>
    /// <param name="note">Signed by the key that signs.</param>
    /// <param name="signedBy">Number of that key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task SaveCheckpointAsync(long size, string note, long signedBy, CancellationToken cancellationToken) => await database.WriteAsync<bool>(
        async (write, cancellation) =>
        {
            if (await TrustLogRows.ReadStateAsync(write.Connection, write.Transaction, database.Dialect.ForUpdate, cancellation) is not { } state
                || state.Signing.Number != signedBy
                || size < state.CheckpointSize
                || size > state.Size
                || SignedNote.Parse(note) is not { } parsed
                || Checkpoint.Parse(parsed.Text)?.Origin != state.Origin)
            {
                return true;
            }

            await TrustLogRows.SaveCheckpointAsync(write, note, size, cancellation);
            if (state.Announced is { } next && NoteKey.Parse(next.VerifierKey) is { } key && await AnnouncedAtAsync(write, key, size, cancellation))
            {
                await TrustLogRows.HandOverAsync(write, next.Number, note, cancellation);
            }

            return true;
        },
        cancellationToken);

    /// <summary>A tile, or a bundle of entries; null where the tree has none of this width.</summary>
    public Task<byte[]?> ReadTileAsync(TilePath path, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, cancellation) =>
        {
            if (await TrustLogRows.ReadStateAsync(connection, null, "", cancellation) is not { } state)
            {
                return null;
            }

            var level = Math.Max(path.Level, 0);
            var (last, width) = TileBuilder.EdgeOf(state.Size, level);
            if (path.Index > last || (path.Index == last && path.Width > width))
            {
                return null;
            }

            if (path.Level != TilePath.Entries)
            {
                var hashes = await TrustLogRows.ReadTileAsync(connection, null, path.Level, path.Index, cancellation);
                return hashes is null || hashes.Length < path.Width * MerkleHash.Bytes ? null : hashes[..(path.Width * MerkleHash.Bytes)];
            }

            var entries = await TrustLogRows.ReadEntriesAsync(connection, path.Index * TilePath.Full, path.Width, cancellation);
            return entries.Count == path.Width ? EntryBundle.Write([.. entries]) : null;
        },
        cancellationToken);

    /// <summary>Entries about a certificate or key: their places, newest first, at most a hundred; and whether one waits for its place.</summary>
    /// <param name="fingerprint">SHA-256.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public Task<(IReadOnlyList<long> Places, bool IsWaiting)> FindAsync(byte[] fingerprint, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, cancellation) =>
        {
            // The queue first: what moves meanwhile is in both answers rather than in none.
            var isWaiting = await TrustLogRows.IsQueuedAsync(connection, fingerprint, cancellation);
            return (await TrustLogRows.FindAsync(connection, fingerprint, MaxPlaces, cancellation), isWaiting);
        },
        cancellationToken);

    /// <summary>Reads the whole log: every entry, every tile, the root, and the root that was signed.</summary>
    /// <returns>What does not fit, in one sentence; null when all does.</returns>
    public async Task<string?> FindProblemAsync(CancellationToken cancellationToken)
    {
        if (await ReadAsync(cancellationToken) is not { } state)
        {
            return null;
        }

        var signed = state.Checkpoint is null ? null : SignedNote.Parse(state.Checkpoint) is { } note && state.Keys.Any(key => NoteKey.Parse(key.VerifierKey) is { } known && note.IsSignedBy(known)) ? Checkpoint.Parse(note.Text) : null;
        if (state.Checkpoint is not null && (signed is null || signed.Origin != state.Origin || signed.Size != state.CheckpointSize))
        {
            return "The stored checkpoint is not signed by a key of the log, or is another log's.";
        }

        return signed?.Size > state.Size
            ? $"The log has {state.Size} entries, but {signed.Size} were signed."
            : await new TrustLogWalk(database, state, signed).RunAsync(cancellationToken);
    }

    private static async Task<bool> AnnouncedAtAsync(WriteTransaction write, NoteKey key, long size, CancellationToken cancellationToken) =>
        (await TrustLogRows.FindAsync(write.Connection, Convert.FromHexString(key.Fingerprint), 1, cancellationToken, write.Transaction)) is [var place] && place < size;

    private static async Task<TileBuilder> ResumeAsync(DbConnection connection, DbTransaction transaction, TrustLogState state, CancellationToken cancellationToken)
    {
        var edge = new List<ReadOnlyMemory<byte>>();
        for (var level = 0; state.Size >> (level * TilePath.Height) > 0; level++)
        {
            var (index, width) = TileBuilder.EdgeOf(state.Size, level);
            edge.Add(width == 0 ? default : await TrustLogRows.ReadTileAsync(connection, transaction, level, index, cancellationToken) ?? default);
        }

        try
        {
            var tree = new TileBuilder(state.Size, edge);
            return tree.Root.AsSpan().SequenceEqual(state.Root.Span) ? tree : throw new TrustLogBrokenException("The tiles at the end of the log do not have the root that the log had.");
        }
        catch (FormatException error)
        {
            throw new TrustLogBrokenException(error.Message);
        }
    }
}
