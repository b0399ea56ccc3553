using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Events;

/// <summary>Who reads which partition at present, and who has to make room for whom. Pure; safe from any thread.</summary>
/// <remarks>
/// Source: service-plane §7.4 of the wire reference (owner levels, "epochs", of Event Hubs). A reader with a level ends all others of its place, unless one has a higher level;
/// of equal levels the newest stays, or a client whose connection was cut would wait for the old one's time-out. Known to this process only: nodes do not see each other's readers.
/// </remarks>
internal sealed class OpenReaders(int maxWithoutLevel)
{
    private readonly Lock gate = new();
    private readonly Dictionary<ReaderPlace, List<OpenReader>> places = [];

    /// <summary>Takes a reader in; those that have to go are told before this returns.</summary>
    internal (OpenReader? Reader, ReaderFault? Fault) Enter(ReaderPlace place, long? level)
    {
        var reader = new OpenReader(this, place, level);
        List<OpenReader> evicted = [];
        lock (gate)
        {
            var present = places.GetValueOrDefault(place) ?? [];
            if (Refuse(present, level) is { } refused)
            {
                return (null, refused);
            }

            if (level is not null)
            {
                evicted = [.. present];
                present.Clear();
            }

            present.Add(reader);
            places[place] = present;
        }

        foreach (var each in evicted)
        {
            each.End(new ReaderFault(ReaderFaultKind.Stolen, $"A newer reader with owner level {level} took over; this one had {Describe(each.Level)}."));
        }

        return (reader, null);
    }

    /// <summary>Ends all readers of a group.</summary>
    internal void End(HubName hub, string group, ReaderFault fault)
    {
        foreach (var reader in Find(hub, group))
        {
            reader.End(fault);
        }
    }

    /// <summary>Names of the groups of a hub that have readers.</summary>
    internal IReadOnlyList<string> GroupsOf(HubName hub)
    {
        lock (gate)
        {
            return [.. places.Keys.Where(place => place.Hub == hub).Select(static place => place.Group).Distinct()];
        }
    }

    internal void Leave(OpenReader reader)
    {
        lock (gate)
        {
            if (places.TryGetValue(reader.Place, out var present) && present.Remove(reader) && present.Count == 0)
            {
                places.Remove(reader.Place);
            }
        }
    }

    private List<OpenReader> Find(HubName hub, string group)
    {
        lock (gate)
        {
            var found = new List<OpenReader>();
            foreach (var (place, readers) in places)
            {
                if (place.Hub == hub && place.Group.Equals(group, StringComparison.OrdinalIgnoreCase))
                {
                    found.AddRange(readers);
                }
            }

            return found;
        }
    }

    private ReaderFault? Refuse(List<OpenReader> present, long? level)
    {
        foreach (var each in present)
        {
            if (each.Level is { } held && (level is null || level < held))
            {
                return new ReaderFault(ReaderFaultKind.Stolen, $"A reader with owner level {held} holds the partition; this one has {Describe(level)}.");
            }
        }

        return level is null && present.Count >= maxWithoutLevel
            ? new ReaderFault(ReaderFaultKind.TooMany, $"The partition has {maxWithoutLevel} readers without an owner level in this consumer group already, the most it can have.")
            : null;
    }

    private static string Describe(long? level) => level is null ? "none" : $"level {level}";
}
