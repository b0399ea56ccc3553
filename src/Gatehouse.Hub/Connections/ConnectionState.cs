using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Connections;

/// <summary>The connection state and the kept session of one identity. Its sessions and links write it; the registry reads it.</summary>
public sealed class ConnectionState
{
    private long stateChanged;
    private long lastActivity;
    private int isDirty;

    internal ConnectionState(HubName hub, IdentityKey identity, string generationId) => (Hub, Identity, GenerationId) = (hub, identity, generationId);

    public HubName Hub { get; }

    public IdentityKey Identity { get; }

    /// <summary>Of the identity; another generation is another owner of the name.</summary>
    public string GenerationId { get; }

    /// <summary>Subscriptions of the kept session (CleanSession 0), two bits for each kind; null when none is kept.</summary>
    public long? KeptSubscriptions { get; internal set; }

    internal bool IsConnected { get; set; }

    /// <summary>What is stored, and was told to routes.</summary>
    internal bool IsToldConnected { get; set; }

    /// <summary>Open sessions and links of this identity, over whatever protocols.</summary>
    internal int Sessions { get; set; }

    internal long StateChanged
    {
        get => Volatile.Read(ref stateChanged);
        set => Volatile.Write(ref stateChanged, value);
    }

    internal long LastActivity => Volatile.Read(ref lastActivity);

    /// <summary>Something arrived. One write; call it for every message.</summary>
    /// <param name="utcTicks">Time, 100 ns ticks since 0001-01-01 UTC.</param>
    public void Touch(long utcTicks) => Volatile.Write(ref lastActivity, utcTicks);

    internal ConnectionFacts Show() => new(IsConnected, TimeOf(StateChanged), TimeOf(LastActivity));

    /// <summary>False when a write is waiting already.</summary>
    internal bool TryMarkDirty() => Interlocked.Exchange(ref isDirty, 1) == 0;

    internal void MarkClean() => Volatile.Write(ref isDirty, 0);

    private static DateTimeOffset? TimeOf(long ticks) => ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);
}
