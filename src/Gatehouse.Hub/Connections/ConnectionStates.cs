using System.Collections.Concurrent;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Connections;

/// <summary>Connection states of all identities of this server: answered from memory, written behind by <see cref="ConnectionWriter"/>.</summary>
public sealed class ConnectionStates(TimeProvider time)
{
    private readonly ConcurrentDictionary<(HubName, IdentityKey), ConnectionState> states = new();
    private readonly ConcurrentDictionary<HubName, StrongBox> connectedDevices = new();
    private readonly Lock gate = new();

    /// <summary>States that wait to be written.</summary>
    internal ConcurrentQueue<ConnectionState> Dirty { get; } = new();

    /// <summary>A session or link has begun; <see cref="Disconnected"/> once for each. A state of an earlier generation is forgotten, its kept session with it.</summary>
    public ConnectionState Connected(HubName hub, IdentityKey identity, string generationId)
    {
        lock (gate)
        {
            if (!states.TryGetValue((hub, identity), out var state) || state.GenerationId != generationId)
            {
                if (state is { IsConnected: true })
                {
                    Set(state, isConnected: false);
                    state.Sessions = 0;
                }

                states[(hub, identity)] = state = new ConnectionState(hub, identity, generationId);
            }

            state.Sessions++;
            Set(state, isConnected: true);
            state.Touch(time.GetUtcNow().UtcTicks);
            return state;
        }
    }

    /// <summary>A session or link has ended; the identity is connected while it has another.</summary>
    public void Disconnected(ConnectionState state)
    {
        lock (gate)
        {
            state.Sessions--;
            if (state.Sessions == 0)
            {
                Set(state, isConnected: false);
            }
        }
    }

    /// <summary>Keeps (or with null forgets) a session's subscriptions.</summary>
    public void Keep(ConnectionState state, long? subscriptions)
    {
        lock (gate)
        {
            if (state.KeptSubscriptions != subscriptions)
            {
                state.KeptSubscriptions = subscriptions;
                MarkDirty(state);
            }
        }
    }

    /// <summary>Whether the identity has a session or link open on this node.</summary>
    public bool IsConnected(HubName hub, IdentityKey identity) => states.TryGetValue((hub, identity), out var state) && state.IsConnected;

    internal ConnectionFacts Get(HubName hub, IdentityKey identity, string generationId) =>
        states.TryGetValue((hub, identity), out var state) && state.GenerationId == generationId ? state.Show() : default;

    /// <summary>Devices (not modules) with an open session.</summary>
    internal long CountConnectedDevices(HubName hub) => connectedDevices.TryGetValue(hub, out var count) ? Interlocked.Read(ref count.Value) : 0;

    /// <summary>Takes in what was stored. Whoever was connected when the server ended is not any more.</summary>
    internal void Restore(ConnectionState state)
    {
        if (state.IsConnected)
        {
            state.IsToldConnected = true;
            state.IsConnected = false;
            state.StateChanged = After(state);
            MarkDirty(state);
        }

        states[(state.Hub, state.Identity)] = state;
    }

    /// <summary>State and time of its last change, of one moment.</summary>
    internal (bool IsConnected, long Changed) Read(ConnectionState state)
    {
        lock (gate)
        {
            return (state.IsConnected, state.StateChanged);
        }
    }

    internal void MarkDirty(ConnectionState state)
    {
        if (state.TryMarkDirty())
        {
            Dirty.Enqueue(state);
        }
    }

    private void Set(ConnectionState state, bool isConnected)
    {
        if (state.IsConnected == isConnected)
        {
            return;
        }

        state.IsConnected = isConnected;
        state.StateChanged = After(state);
        if (!state.Identity.IsModule)
        {
            Interlocked.Add(ref connectedDevices.GetOrAdd(state.Hub, static _ => new StrongBox()).Value, isConnected ? 1 : -1);
        }

        MarkDirty(state);
    }

    // Events of a device are told apart by this time: it rises also when the clock does not.
    private long After(ConnectionState state) => Math.Max(time.GetUtcNow().UtcTicks, state.StateChanged + 1);

    private sealed class StrongBox
    {
        internal long Value;
    }
}
