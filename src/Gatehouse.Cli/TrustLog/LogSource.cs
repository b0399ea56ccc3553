using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Contracts.Transparency;

namespace Gatehouse.Cli.TrustLog;

/// <summary>The trust log as a server serves it. What comes from here is believed only as far as a signature goes.</summary>
internal sealed class LogSource(HubClient hub, CancellationToken cancellationToken)
{
    private const string Root = "log";

    /// <summary>Name, keys and what the server itself knows to be wrong.</summary>
    internal Task<JsonNode> DescribeAsync() => hub.GetAsync(HubPath.Operator(Root), cancellationToken);

    /// <summary>The newest signed checkpoint.</summary>
    internal async Task<(SignedNote Note, Checkpoint Checkpoint)> CheckpointAsync()
    {
        var text = Encoding.UTF8.GetString(await ReadAsync([Root, "checkpoint"]));
        return SignedNote.Parse(text) is { } note && Checkpoint.Parse(note.Text) is { } checkpoint ? (note, checkpoint) : throw new LogAlarm("what the server gives as its checkpoint is none.");
    }

    /// <summary>Hashes of a tile.</summary>
    internal async Task<ReadOnlyMemory<byte>> TileAsync(TilePath path)
    {
        var hashes = await FindAsync(path);
        return hashes.Length == path.Width * MerkleHash.Bytes ? hashes : throw new LogAlarm($"the server's {path} does not hold {path.Width} hashes: the log was altered or shortened.");
    }

    /// <summary>Entries of a bundle.</summary>
    /// <param name="index">Of the bundle.</param>
    /// <param name="size">Entries of the log.</param>
    internal async Task<IReadOnlyList<ReadOnlyMemory<byte>>> EntriesAsync(long index, long size)
    {
        var path = new TilePath(TilePath.Entries, index, (int)Math.Min(TilePath.Full, size - (index * TilePath.Full)));
        return EntryBundle.Read(await FindAsync(path)) is { } entries && entries.Count == path.Width ? entries : throw new LogAlarm($"the server's {path} does not hold {path.Width} entries: the log was altered or shortened.");
    }

    /// <summary>Where entries about a certificate stand, newest first, and whether one waits for its place.</summary>
    internal async Task<(IReadOnlyList<long> Places, bool IsWaiting)> PlacesAsync(string fingerprint)
    {
        var found = await hub.GetAsync(HubPath.Operator(Root, "fingerprints", fingerprint), cancellationToken);
        return ([.. found["places"]!.AsArray().Select(static place => (long)place!)], (bool)found["isWaiting"]!);
    }

    internal Task<JsonNode> PostAsync(string verb, JsonObject? body) => hub.PostAsync(HubPath.Operator(Root, verb), body, null, cancellationToken);

    private async Task<byte[]> FindAsync(TilePath path)
    {
        try
        {
            return await ReadAsync([Root, .. path.Segments]);
        }
        catch (HubRefusal refusal) when (refusal.IsNotFound)
        {
            throw new LogAlarm($"the server has no {path}, which its checkpoint needs: the log was altered or shortened.");
        }
    }

    private async Task<byte[]> ReadAsync(IEnumerable<string> segments)
    {
        using var answer = await hub.OpenAsync(HubPath.Operator(segments), cancellationToken);
        try
        {
            return await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new HubUnreachable($"the answer of {hub.Address} broke off ({error.Message}). Repeat.", error);
        }
    }
}

/// <summary>The log is not what it was, or not what was signed.</summary>
internal sealed class LogAlarm(string problem) : CliException($"THE TRUST LOG DOES NOT VERIFY: {problem} Keep the store, the state file and this output, and find out who could write the database or the keys.");
