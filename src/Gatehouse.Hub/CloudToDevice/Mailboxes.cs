using System.Collections.Concurrent;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>The open mailboxes of this server: signals wake those of the device that got a message, the clock those whose message was held by somebody else.</summary>
internal sealed class Mailboxes : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<(HubName Hub, DeviceId Device), List<DeviceMailbox>> open = [];
    private readonly ConcurrentDictionary<DeviceMailbox, long> looks = new();
    private readonly Dictionary<DeviceQueue, List<Guid>> settling = [];
    private readonly IDisposable subscription;

    public Mailboxes(ISignals signals) => subscription = signals.Subscribe(SignalSubjects.DeviceMessageAvailable, OnAvailable);

    internal void Add(DeviceMailbox mailbox)
    {
        lock (gate)
        {
            var key = (mailbox.Queue.Hub, mailbox.Queue.Device);
            if (!open.TryGetValue(key, out var list))
            {
                open[key] = list = new List<DeviceMailbox>(1);
            }

            list.Add(mailbox);
        }
    }

    internal void Remove(DeviceMailbox mailbox)
    {
        looks.TryRemove(mailbox, out _);
        lock (gate)
        {
            var key = (mailbox.Queue.Hub, mailbox.Queue.Device);
            if (open.TryGetValue(key, out var list) && list.Remove(mailbox) && list.Count == 0)
            {
                open.Remove(key);
            }
        }
    }

    /// <summary>Whether it is open and none of its device was opened later.</summary>
    internal bool IsNewest(DeviceMailbox mailbox)
    {
        lock (gate)
        {
            return open.TryGetValue((mailbox.Queue.Hub, mailbox.Queue.Device), out var list) && ReferenceEquals(list[^1], mailbox);
        }
    }

    /// <summary>The device has spoken of the message that the token holds, and the store is about to hear of it.</summary>
    internal void BeginSettling(DeviceQueue queue, Guid lockToken)
    {
        lock (gate)
        {
            if (!settling.TryGetValue(queue, out var tokens))
            {
                settling[queue] = tokens = new List<Guid>(1);
            }

            tokens.Add(lockToken);
        }
    }

    internal void EndSettling(DeviceQueue queue, Guid lockToken)
    {
        lock (gate)
        {
            if (settling.TryGetValue(queue, out var tokens) && tokens.Remove(lockToken) && tokens.Count == 0)
            {
                settling.Remove(queue);
            }
        }
    }

    /// <summary>Tokens that are being settled on this server.</summary>
    internal IReadOnlyList<Guid> Settling(DeviceQueue queue)
    {
        lock (gate)
        {
            return settling.TryGetValue(queue, out var tokens) ? [.. tokens] : [];
        }
    }

    /// <summary>Wakes the mailbox at a time, 100 ns ticks UTC: then the lock of a message ends.</summary>
    internal void LookAt(DeviceMailbox mailbox, long time) => looks[mailbox] = time;

    /// <summary>Wakes the mailboxes whose time has come.</summary>
    internal void Tick(DateTimeOffset now)
    {
        foreach (var look in looks)
        {
            if (look.Value <= now.UtcTicks && looks.TryRemove(look))
            {
                look.Key.Wake();
            }
        }
    }

    public void Dispose() => subscription.Dispose();

    private void OnAvailable(Signal signal)
    {
        DeviceMailbox[] awake = [];
        lock (gate)
        {
            if (signal.Key.Length == 0)
            {
                awake = [.. open.Where(each => each.Key.Hub.Value == signal.Hub).SelectMany(static each => each.Value)];
            }
            else if (HubName.TryParse(signal.Hub, out var hub) && DeviceId.TryParse(signal.Key, out var device) && open.TryGetValue((hub, device), out var list))
            {
                awake = [.. list];
            }
        }

        foreach (var mailbox in awake)
        {
            mailbox.Wake();
        }
    }
}
