using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>Messages to the device of one session: taken from its queue a window at a time, completed by PUBACK (QoS 0: when they are handed over). What is not acknowledged goes back to the queue at the end.</summary>
internal sealed class MqttMessages : IAsyncDisposable
{
    private readonly GatewayParts parts;
    private readonly Principal principal;
    private readonly PacketSender sender;
    private readonly Action<string> end;
    private readonly DeviceMailbox mailbox;
    private readonly Lock gate = new();
    private readonly Dictionary<ushort, LockedMessage> waiting = [];
    private int settling;
    private TaskCompletionSource? settled;
    private ushort lastId;
    private byte qos;
    private bool isPumping;
    private bool isWoken;

    internal MqttMessages(GatewayParts parts, Principal principal, PacketSender sender, byte qos, Action<string> end)
    {
        (this.parts, this.principal, this.sender, this.qos, this.end) = (parts, principal, sender, qos, end);
        mailbox = parts.DeviceMessages.Open(principal.Hub, principal.Identity!.Value.Device, principal.GenerationId ?? "", Wake);
        Wake();
    }

    /// <summary>Of the subscription; from the next message on.</summary>
    internal void SetQos(byte granted) => Volatile.Write(ref qos, granted);

    /// <summary>PUBACK, in any order; ids that are not under way are ignored.</summary>
    internal void Acknowledge(ushort id)
    {
        LockedMessage? message;
        lock (gate)
        {
            if (!waiting.Remove(id, out message))
            {
                return;
            }

            settling++;
        }

        // Begun at once: a session that takes over must find what the device said already, not only the first of it.
        _ = CompleteAsync(message.LockToken);
    }

    public async ValueTask DisposeAsync()
    {
        await WhenSettledAsync();
        await mailbox.DisposeAsync();
    }

    private void Wake()
    {
        lock (gate)
        {
            isWoken = true;
            if (isPumping)
            {
                return;
            }

            isPumping = true;
        }

        _ = PumpAsync();
    }

    private async Task PumpAsync()
    {
        try
        {
            await Task.Yield();
            while (MayGoOn())
            {
                while (HasRoom() && await mailbox.TakeAsync(CancellationToken.None) is { } message)
                {
                    await SendAsync(message);
                }
            }
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            parts.Log.DeviceMessagesFailed(principal.Hub.Value, principal.Identity!.Value.ToString(), error);
            end("its messages could not be read; see the server's log");
        }
    }

    private bool MayGoOn()
    {
        lock (gate)
        {
            (isPumping, isWoken) = (isWoken, false);
            return isPumping;
        }
    }

    // Messages whose lock has ended are the queue's again; their late acknowledgement is nobody's.
    private bool HasRoom()
    {
        lock (gate)
        {
            if (waiting.Count < parts.Options.MessageWindow)
            {
                return true;
            }

            var now = parts.Time.GetUtcNow();
            foreach (var (id, message) in waiting)
            {
                if (message.LockedUntil <= now)
                {
                    waiting.Remove(id);
                }
            }

            if (waiting.Count < parts.Options.MessageWindow)
            {
                return true;
            }

            // Nothing may come that wakes us but the end of a lock.
            mailbox.LookAt(waiting.Values.Min(static each => each.LockedUntil));
            return false;
        }
    }

    private async Task SendAsync(LockedMessage message)
    {
        var topic = Encoding.UTF8.GetBytes(DeviceBoundTopic.Encode(principal.Identity!.Value.Device, message.Message));
        if (topic.Length > PublishPacket.MaxTopicBytes)
        {
            parts.Log.DeviceMessageTooLarge(principal.Hub.Value, principal.Identity!.Value.ToString(), topic.Length);
            await mailbox.RejectAsync(message.LockToken, CancellationToken.None);
            return;
        }

        var id = Volatile.Read(ref qos) == 0 ? (ushort)0 : Register(message);
        while (!sender.TryPublish(topic, message.Message.Body.Span, packetId: id))
        {
            await sender.DrainAsync();
        }

        if (id != 0)
        {
            sender.ScheduleFlush();
            return;
        }

        // Done when it is sent, and only if somebody was there to send it to.
        await sender.DrainAsync();
        if (sender.HasFailed)
        {
            await mailbox.ReleaseAsync(message.LockToken, CancellationToken.None);
        }
        else
        {
            await mailbox.CompleteAsync(message.LockToken, CancellationToken.None);
        }
    }

    private ushort Register(LockedMessage message)
    {
        lock (gate)
        {
            do
            {
                lastId++;
            }
            while (lastId == 0 || waiting.ContainsKey(lastId));
            waiting.Add(lastId, message with { Message = Emptied });
            return lastId;
        }
    }

    private Task WhenSettledAsync()
    {
        lock (gate)
        {
            return settling == 0 ? Task.CompletedTask : (settled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private async Task CompleteAsync(Guid lockToken)
    {
        try
        {
            // A lock that was lost: the message is delivered again, which at-least-once allows.
            await mailbox.CompleteAsync(lockToken, CancellationToken.None);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            parts.Log.DeviceMessagesFailed(principal.Hub.Value, principal.Identity!.Value.ToString(), error);
        }

        Wake();
        lock (gate)
        {
            if (--settling == 0)
            {
                settled?.TrySetResult();
            }
        }
    }

    // What waits for an acknowledgement keeps its lock, not its content.
    private static CloudMessage Emptied { get; } = new();
}
