using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Transparency;

namespace Gatehouse.Cli.TrustLog;

/// <summary>What was seen of a log last time: its key, pinned at the first use, and its checkpoint.</summary>
/// <param name="Key">By which the log signs.</param>
/// <param name="Checkpoint">The largest that verified.</param>
/// <param name="Note">The same, signed: the proof of what was seen.</param>
internal sealed record LogMemory(NoteKey Key, Checkpoint Checkpoint, string Note);

/// <summary>The file of <c>--state</c>.</summary>
internal static class LogStateFile
{
    /// <summary>Null where there is no file yet.</summary>
    internal static async Task<LogMemory?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var state = JsonNode.Parse(await InputFile.ReadTextAsync(path, cancellationToken));
            var note = (string)state!["checkpoint"]!;
            return NoteKey.Parse((string)state["verifierKey"]!) is { } key && SignedNote.Parse(note) is { } parsed && parsed.IsSignedBy(key) && Checkpoint.Parse(parsed.Text) is { } checkpoint
                ? new LogMemory(key, checkpoint, note)
                : throw Unusable(path, null);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException or ArgumentNullException)
        {
            throw Unusable(path, error);
        }
    }

    /// <summary>Whole or not at all.</summary>
    internal static async Task WriteAsync(string path, LogMemory memory, CancellationToken cancellationToken)
    {
        var next = path + ".next";
        try
        {
            await File.WriteAllTextAsync(next, new JsonObject { ["verifierKey"] = memory.Key.ToString(), ["checkpoint"] = memory.Note }.ToJsonString() + "\n", cancellationToken);
            File.Move(next, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CliException.Usage($"'{path}' cannot be written: {error.Message}", error);
        }
    }

    private static CliException Unusable(string path, Exception? error) =>
        CliException.Usage($"'{path}' is no state of a log, or its checkpoint is not signed by its key. Restore it from a copy; to begin with what the server shows now, name another file.", error);
}
