using System.Collections.Concurrent;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Configurations;

/// <summary>What configurations write to twins is a change of twins too; evaluating it again would find nothing, or never rest where two kinds of content set one property.</summary>
internal sealed class OwnWrites
{
    private readonly ConcurrentDictionary<(HubName, IdentityKey, long), byte> expected = new();

    /// <summary>Runs a transaction; what it adds is known until its changes were told.</summary>
    internal async Task<T> RunAsync<T>(Func<Scope, Task<T>> write)
    {
        var scope = new Scope(this);
        try
        {
            return await write(scope);
        }
        finally
        {
            scope.End();
        }
    }

    internal bool Contains(TwinChange change) => expected.ContainsKey((change.Hub, change.Key, change.Version));

    internal sealed class Scope(OwnWrites owner)
    {
        private readonly List<(HubName, IdentityKey, long)> added = [];

        internal void Add(TwinRow row, long version)
        {
            var entry = (HubName.Parse(row.Hub), row.Key, version);
            owner.expected[entry] = 0;
            added.Add(entry);
        }

        internal void End()
        {
            foreach (var entry in added)
            {
                owner.expected.TryRemove(entry, out _);
            }
        }
    }
}
