using System.Text.Json.Nodes;
using Gatehouse.Contracts.Transparency;

namespace Gatehouse.Cli.TrustLog;

/// <summary>A checkpoint whose signature leads to the key that is pinned, and what must be so of the log behind it.</summary>
/// <param name="Memory">What was seen before; null for nothing.</param>
/// <param name="Key">The key that signed the checkpoint.</param>
/// <param name="Note">The checkpoint, signed.</param>
/// <param name="Checkpoint">The same.</param>
/// <param name="Handovers">Changes of the key between the pinned one and this one, in their order.</param>
internal sealed record LogView(LogMemory? Memory, NoteKey Key, SignedNote Note, Checkpoint Checkpoint, IReadOnlyList<LogHandover> Handovers)
{
    /// <summary>Checkpoints that the log must continue.</summary>
    internal IEnumerable<Checkpoint> Earlier => [.. Memory is null ? [] : new[] { Memory.Checkpoint }, .. Handovers.Select(static each => each.Checkpoint)];

    internal LogMemory Remembered => new(Key, Checkpoint, Note.ToString());

    /// <exception cref="LogAlarm">It is not signed by whom it should be, is another log's, or is smaller than what was seen.</exception>
    internal static async Task<LogView> ReadAsync(LogSource source, LogMemory? memory)
    {
        // The checkpoint first: keys that are announced later change nothing of it.
        var (note, checkpoint) = await source.CheckpointAsync();
        var keys = KeysOf(await source.DescribeAsync());
        var key = memory?.Key ?? keys.FirstOrDefault(each => note.IsSignedBy(each.Key)).Key ?? throw new LogAlarm("the checkpoint is signed by none of the keys that the server names.");
        if (checkpoint.Origin != key.Name)
        {
            throw new LogAlarm($"the server shows the log '{checkpoint.Origin}', not '{key.Name}': it is another server, or its log was begun anew.");
        }

        var handovers = new List<LogHandover>();
        while (!note.IsSignedBy(key))
        {
            var at = keys.FindIndex(each => each.Key == key);
            if (at < 0 || at + 1 == keys.Count || keys[at + 1].Handover is not { } handover || SignedNote.Parse(handover) is not { } signed || !signed.IsSignedBy(key) || Checkpoint.Parse(signed.Text) is not { } before || before.Origin != key.Name)
            {
                throw new LogAlarm("the checkpoint is not signed by the log's key, nor by one that it handed over to.");
            }

            key = keys[at + 1].Key;
            handovers.Add(new LogHandover(key, before));
        }

        var view = new LogView(memory, key, note, checkpoint, handovers);
        foreach (var earlier in view.Earlier)
        {
            if (checkpoint.Size < earlier.Size)
            {
                throw new LogAlarm($"it was shortened: it has {checkpoint.Size} entries, and {earlier.Size} were signed before.");
            }

            if (checkpoint.Size == earlier.Size && checkpoint != earlier)
            {
                throw new LogAlarm($"it was forked: another log of {earlier.Size} entries was signed before.");
            }
        }

        return view;
    }

    private static List<(NoteKey Key, string? Handover)> KeysOf(JsonNode description)
    {
        var keys = new List<(NoteKey Key, string? Handover)>();
        foreach (var each in description["keys"]!.AsArray())
        {
            keys.Add((NoteKey.Parse((string)each!["verifierKey"]!) ?? throw new LogAlarm("the server names a key that is none."), (string?)each["handover"]));
        }

        return keys;
    }
}

/// <param name="Key">The key that took over; an entry of the log up to the checkpoint must announce it.</param>
/// <param name="Checkpoint">The last by the key before it.</param>
internal sealed record LogHandover(NoteKey Key, Checkpoint Checkpoint);
