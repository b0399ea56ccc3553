using Gatehouse.Contracts.Transparency;

namespace Gatehouse.Store.TrustLog;

/// <summary>Where the log stands.</summary>
/// <param name="Origin">Its name.</param>
/// <param name="Size">Entries that have a place.</param>
/// <param name="Root">Root over them.</param>
/// <param name="Checkpoint">The newest signed checkpoint; null before the first.</param>
/// <param name="CheckpointSize">Entries that it covers.</param>
/// <param name="Keys">Keys of the log, oldest first.</param>
public sealed record TrustLogState(string Origin, long Size, ReadOnlyMemory<byte> Root, string? Checkpoint, long CheckpointSize, IReadOnlyList<TrustLogKey> Keys)
{
    /// <summary>The key that signs.</summary>
    public TrustLogKey Signing => Keys.Last(key => key.Handover is not null || key.Number == 0);

    /// <summary>The key that was announced and takes over with the next checkpoint; null for none.</summary>
    public TrustLogKey? Announced => Keys[^1] == Signing ? null : Keys[^1];
}

/// <summary>A key of the log.</summary>
/// <param name="Number">0 for the first.</param>
/// <param name="Address">Where it is.</param>
/// <param name="VerifierKey">Its public half, as <see cref="NoteKey"/>.</param>
/// <param name="Handover">The last checkpoint that the key before it signed, which covers the announcement of this one; null of the first, and before it has taken over.</param>
public sealed record TrustLogKey(long Number, string Address, string VerifierKey, string? Handover);

/// <summary>The stored tree is not the one that was signed, or contradicts itself: somebody changed the database.</summary>
public sealed class TrustLogBrokenException(string message) : Exception(message);
