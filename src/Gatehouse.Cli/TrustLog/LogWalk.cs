using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Transparency;

namespace Gatehouse.Cli.TrustLog;

/// <summary>Checks a log against its checkpoint: entry by entry, or by its tiles alone.</summary>
internal sealed class LogWalk(LogSource source, LogView view)
{
    private readonly HashSet<string> announced = new(StringComparer.Ordinal);

    /// <summary>Reads every entry and every tile.</summary>
    /// <param name="progress">Told how many entries have been read.</param>
    internal async Task ReadAllAsync(Action<long> progress)
    {
        var tree = new TileBuilder();
        CheckEarlier(tree);
        for (var bundle = 0L; tree.Size < view.Checkpoint.Size; bundle++)
        {
            var entries = await source.EntriesAsync(bundle, view.Checkpoint.Size);
            var hashes = await source.TileAsync(new TilePath(0, bundle, entries.Count));
            for (var i = 0; i < entries.Count; i++)
            {
                var leaf = MerkleHash.OfEntry(entries[i].Span);
                if (!hashes.Span.Slice(i * MerkleHash.Bytes, MerkleHash.Bytes).SequenceEqual(leaf))
                {
                    throw new LogAlarm($"entry {tree.Size} was altered, or its hash in {new TilePath(0, bundle, entries.Count)} was.");
                }

                Note(entries[i]);
                tree.Add(leaf);
                CheckEarlier(tree);
            }

            await CompareTilesAsync(tree);
            progress(tree.Size);
        }

        if (!tree.Root.AsSpan().SequenceEqual(view.Checkpoint.Root.Span))
        {
            throw new LogAlarm($"its {view.Checkpoint.Size} entries are not those that were signed: entries were altered, with their tiles.");
        }
    }

    /// <summary>Reads as many tiles as proofs need: that the tree has the signed root, and continues what was seen. Entries are not looked at.</summary>
    internal async Task ReadProofsAsync(TiledTree tree)
    {
        if (!(await tree.RootAsync(view.Checkpoint.Size)).AsSpan().SequenceEqual(view.Checkpoint.Root.Span))
        {
            throw new LogAlarm("its tiles do not have the root that was signed.");
        }

        foreach (var earlier in view.Earlier)
        {
            if (!MerkleProof.IsConsistent(earlier.Size, view.Checkpoint.Size, await tree.ConsistencyAsync(earlier.Size), earlier.Root.Span, view.Checkpoint.Root.Span))
            {
                throw Forked(earlier);
            }
        }

        foreach (var handover in view.Handovers)
        {
            await CheckAnnouncementAsync(tree, handover);
        }
    }

    private static LogAlarm Forked(Checkpoint earlier) => new($"it was forked: its first {earlier.Size} entries are not those that were signed before.");

    private static LogAlarm Unannounced(LogHandover handover) => new($"the key {handover.Key.Id} signs, and no entry before it announces it.");

    private async Task CheckAnnouncementAsync(TiledTree tree, LogHandover handover)
    {
        foreach (var place in (await source.PlacesAsync(handover.Key.Fingerprint)).Places)
        {
            if (place < handover.Checkpoint.Size)
            {
                var entry = (await source.EntriesAsync(place / TilePath.Full, view.Checkpoint.Size))[(int)(place % TilePath.Full)];
                if (MerkleProof.IsIncluded(MerkleHash.OfEntry(entry.Span), place, view.Checkpoint.Size, await tree.InclusionAsync(place), view.Checkpoint.Root.Span))
                {
                    Note(entry);
                }
            }
        }

        if (!announced.Contains(handover.Key.ToString()))
        {
            throw Unannounced(handover);
        }
    }

    // Where the log was as long as it was seen before, it must have been the same.
    private void CheckEarlier(TileBuilder tree)
    {
        foreach (var earlier in view.Earlier)
        {
            if (earlier.Size == tree.Size && !tree.Root.AsSpan().SequenceEqual(earlier.Root.Span))
            {
                throw Forked(earlier);
            }
        }

        foreach (var handover in view.Handovers)
        {
            if (handover.Checkpoint.Size == tree.Size && !announced.Contains(handover.Key.ToString()))
            {
                throw Unannounced(handover);
            }
        }
    }

    private async Task CompareTilesAsync(TileBuilder tree)
    {
        var isEnd = tree.Size == view.Checkpoint.Size;
        foreach (var (level, index, hashes) in tree.TakeChanged())
        {
            var path = new TilePath(level, index, hashes.Length / MerkleHash.Bytes);

            // Those of entries have been compared; a partial one is compared once nothing comes any more.
            if (level > 0 && (isEnd || !path.IsPartial) && !(await source.TileAsync(path)).Span.SequenceEqual(hashes))
            {
                throw new LogAlarm($"{path} was altered.");
            }
        }
    }

    private void Note(ReadOnlyMemory<byte> entry)
    {
        if (Read(entry) is { } json && json.TryGetPropertyValue("action", out var action) && action?.ToString() == "trustlog.key" && json["detail"] is JsonObject detail && detail["verifierKey"] is { } key)
        {
            announced.Add(key.ToString());
        }
    }

    /// <summary>An entry as JSON; null when it is none.</summary>
    internal static JsonObject? Read(ReadOnlyMemory<byte> entry)
    {
        try
        {
            return JsonNode.Parse(entry.Span) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
