using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Twins;

/// <summary>One watcher of one twin's desired properties: hears every version once, in order.</summary>
/// <remarks>
/// Signals of two writers may cross, and a lost connection between nodes loses some. A change that comes too early waits a moment for the one before it;
/// then, or when there is too much to wait for, the whole section is read and told instead.
/// </remarks>
internal sealed class DesiredWatch(HubName hub, IdentityKey key, Action<DesiredChange> told, Action<DesiredWatch> readSoon)
{
    private const int MaxEarly = 8;

    private readonly Lock gate = new();
    private readonly SortedList<long, DesiredChange> early = [];
    private long first;
    private long last;
    private bool isReading;
    private bool isMissing;
    private volatile bool hasEnded;

    internal HubName Hub { get; } = hub;

    internal IdentityKey Key { get; } = key;

    /// <summary>A change was signalled, on any thread.</summary>
    internal void Hear(DesiredChange change)
    {
        lock (gate)
        {
            if (last == 0)
            {
                first = change.Version;
                Tell(change);
            }
            else if (change.Version == last + 1)
            {
                Tell(change);
                TellEarly();
            }
            else if (change.Version > last)
            {
                _ = early.Count < MaxEarly && early.TryAdd(change.Version, change);
                Read();
            }
            else if (change.Version < first)
            {
                // Written before the first that was heard, signalled after it: the device may have neither seen nor read it.
                first = change.Version;
                isMissing = true;
                Read();
            }
        }
    }

    /// <summary>Signals may have been lost.</summary>
    internal void Doubt()
    {
        lock (gate)
        {
            Read();
        }
    }

    /// <summary>The whole section as it is in the store; null: the read failed, or there is no such twin.</summary>
    internal void Catch(DesiredChange? stored)
    {
        lock (gate)
        {
            isReading = false;
            if (stored is not { } whole || whole.Version < last)
            {
                return;
            }

            if (whole.Version > last || isMissing)
            {
                isMissing = false;
                Tell(whole);
            }

            while (early.Count > 0 && early.Keys[0] <= last)
            {
                early.RemoveAt(0);
            }

            TellEarly();
        }
    }

    /// <summary>Nothing is told from now on, but for what is being told at this moment. Takes no lock: the watcher may hold its own.</summary>
    internal void End() => hasEnded = true;

    private void TellEarly()
    {
        while (early.Count > 0 && early.Keys[0] == last + 1)
        {
            var next = early.Values[0];
            early.RemoveAt(0);
            Tell(next);
        }
    }

    private void Tell(DesiredChange change)
    {
        last = change.Version;
        if (!hasEnded)
        {
            told(change);
        }
    }

    private void Read()
    {
        if (!isReading && !hasEnded)
        {
            isReading = true;
            readSoon(this);
        }
    }
}
