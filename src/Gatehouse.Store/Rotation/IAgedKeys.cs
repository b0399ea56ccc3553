using Gatehouse.Contracts.Identities;

namespace Gatehouse.Store.Rotation;

/// <summary>How old pairs of keys are. The age of a pair is that of its older key. For rules of a maximum age (decisions/0049); implemented by the room that keeps the keys.</summary>
/// <remarks>A key counts from when it was made, also when it is written once more or put into the other place; one that is older than this feature from when a server first saw it.</remarks>
public interface IAgedKeys
{
    /// <summary>As that of the plans that rotate them.</summary>
    string Kind { get; }

    /// <summary>The oldest first, of one age by name: those that were made before a time, after a place.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="madeBefore">UTC ticks.</param>
    /// <param name="after">Null for the first page.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    Task<IReadOnlyList<AgedKeys>> ListAsync(HubName tenant, long madeBefore, AgedKeys? after, int max, CancellationToken cancellationToken);

    /// <summary>How many were made before a time, without those whose keys are another rule's affair.</summary>
    Task<long> CountAsync(HubName tenant, long madeBefore, CancellationToken cancellationToken);

    /// <summary>Notes now as the time of keys of which no other is known; at most so many rows. How many.</summary>
    Task<int> NoteFirstSeenAsync(WriteTransaction write, HubName tenant, long now, int max, CancellationToken cancellationToken);
}

/// <param name="Name">As the subject of a plan is written; of devices the id or <c>device/module</c>.</param>
/// <param name="Made">The older of the two, UTC ticks.</param>
public sealed record AgedKeys(string Name, long Made);
