using Gatehouse.Contracts.Transparency;

namespace Gatehouse.Store.TrustLog;

/// <summary>Hashes all entries of the log anew and compares tiles and roots with what is stored.</summary>
/// <param name="database">Where it is.</param>
/// <param name="state">How it stood when the walk began; what comes later is not looked at.</param>
/// <param name="signed">What was signed of it; null for nothing.</param>
internal sealed class TrustLogWalk(Database database, TrustLogState state, Checkpoint? signed)
{
    private readonly TileBuilder tree = new();

    /// <returns>What does not fit; null when all does.</returns>
    internal async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        if (SignedFault() is { } atOnce)
        {
            return atOnce;
        }

        while (tree.Size < state.Size)
        {
            var count = (int)Math.Min(TilePath.Full, state.Size - tree.Size);
            if (await StepAsync(count, cancellationToken) is { } fault)
            {
                return fault;
            }
        }

        return tree.Root.AsSpan().SequenceEqual(state.Root.Span) ? null : $"The root over all {state.Size} entries is not the one that the log had.";
    }

    private async Task<string?> StepAsync(int count, CancellationToken cancellationToken)
    {
        var first = tree.Size;
        var entries = await database.ReadAsync((connection, cancellation) => TrustLogRows.ReadEntriesAsync(connection, first, count, cancellation), cancellationToken);
        if (entries.Count < count)
        {
            return $"Entries are missing at {first} to {first + count - 1}.";
        }

        foreach (var entry in entries)
        {
            tree.Add(MerkleHash.OfEntry(entry));
            if (SignedFault() is { } fault)
            {
                return fault;
            }
        }

        foreach (var (level, index, hashes) in tree.TakeChanged())
        {
            // The last tile of a level may have grown since.
            var stored = await database.ReadAsync((connection, cancellation) => TrustLogRows.ReadTileAsync(connection, null, level, index, cancellation), cancellationToken);
            if (stored is null || !stored.AsSpan().StartsWith(hashes))
            {
                return $"The tile {level}/{index} is not that of its entries: an entry from {(index * TilePath.Full) << (level * TilePath.Height)} on was altered, or the tile was.";
            }
        }

        return null;
    }

    private string? SignedFault() =>
        signed is not null && tree.Size == signed.Size && !tree.Root.AsSpan().SequenceEqual(signed.Root.Span) ? $"The first {signed.Size} entries are not those that were signed." : null;
}
