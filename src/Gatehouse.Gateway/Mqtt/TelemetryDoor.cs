using System.Buffers;
using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Gateway.Faults;
using Gatehouse.Gateway.Telemetry;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Streams.Log;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>PUBLISH of one session to the hub's telemetry, and its PUBACKs once the messages are durable.</summary>
internal sealed class TelemetryDoor : IAppendObserver
{
    [ThreadStatic]
    private static byte[]? topicScratch;

    private readonly TelemetryTopic topic;
    private readonly TelemetryChannel channel;
    private readonly PacketSender sender;
    private readonly byte[] stamps;
    private readonly bool maySend;
    private int outstanding;
    private TaskCompletionSource? idle;

    internal TelemetryDoor(ConnectOutcome.Accepted accepted, TelemetryChannel channel, PacketSender sender)
    {
        (this.channel, this.sender) = (channel, sender);
        topic = new TelemetryTopic(accepted.Principal.Identity!.Value);
        stamps = TelemetryStamps.Encode(accepted.Principal, accepted.User.ModelId);
        maySend = Operations.SendTelemetry.IsAllowed(accepted.Principal.Rights);
    }

    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Null: off.</summary>
    internal FaultWatch? Faults { get; init; }

    /// <summary>Ends the connection because of what the client sent.</summary>
    internal required Action<string> Violate { get; init; }

    /// <summary>Ends the connection for a reason of the server's.</summary>
    internal required Action<string> End { get; init; }

    /// <summary>Hands one message in; allocates nothing. What may not be sent ends the connection.</summary>
    internal PublishStep Publish(in MqttFrame frame)
    {
        var fault = PublishPacket.TryRead(frame, topicScratch ??= new byte[PublishPacket.MaxTopicBytes], out var packet);
        if (fault != MqttFault.None)
        {
            Violate(fault.Describe());
            return PublishStep.Done;
        }

        if (!topic.TryMatch(packet.Topic, out var bag))
        {
            if (ReservedTopic.IsReserved(packet.Topic))
            {
                return PublishStep.Reserved;
            }

            Violate($"it published to a topic that is not its own or not supported: {Encoding.UTF8.GetString(packet.Topic[..Math.Min(packet.Topic.Length, 200)])}");
            return PublishStep.Done;
        }

        if (!maySend)
        {
            Violate("it published telemetry, and its token is made for another part of the device");
            return PublishStep.Done;
        }

        if (!EventHead.TryBuild(bag, stamps, packet.IsRetained, out var head))
        {
            Violate("the properties of a message are too large");
            return PublishStep.Done;
        }

        return Faults is { } faults && Judge(faults, head, packet.PacketId) is { } step ? step : Append(head, packet.Payload, packet.PacketId);
    }

    // MQTT has no word for a refusal: throttled messages wait, others end the connection.
    private PublishStep? Judge(FaultWatch faults, ReadOnlySpan<byte> head, ushort packetId)
    {
        if (faults.Refusal is { } refusal)
        {
            if (refusal.Code == HubErrors.ThrottlingException.Code)
            {
                return new PublishStep(MustWait: true, TimeSpan.FromSeconds(refusal.RetryAfterSeconds ?? 1));
            }

            End($"a fault that it ordered: {refusal.Name}");
            return PublishStep.Done;
        }

        if (!faults.TryTake(head))
        {
            return null;
        }

        if (packetId != 0)
        {
            Span<byte> packet = stackalloc byte[MqttWriter.AcknowledgementBytes];
            MqttWriter.WritePublishAcknowledgement(packet, packetId);
            sender.Add(packet);
            sender.ScheduleFlush();
        }

        return PublishStep.Done;
    }

    /// <summary>Waits for what the step says.</summary>
    /// <exception cref="IOException">The log cannot store anything.</exception>
    internal async ValueTask WaitAsync(PublishStep step, CancellationToken cancellationToken)
    {
        if (step.Wait == TimeSpan.Zero)
        {
            await channel.WaitForRoomAsync(cancellationToken);
        }
        else
        {
            await Task.Delay(step.Wait, Time, cancellationToken);
        }
    }

    /// <summary>Sends the will as telemetry of type Will.</summary>
    /// <remarks>Source: IoT Hub "Communicate with your IoT hub using MQTT" page, will messages.</remarks>
    internal async ValueTask SendWillAsync(ConnectWill will, CancellationToken cancellationToken)
    {
        byte[] fields = [.. stamps, .. EventWriter.EncodeFields((EventField.MessageType, "Will"))];
        var step = PublishWill(will, fields);
        while (step.MustWait)
        {
            await WaitAsync(step, cancellationToken);
            step = PublishWill(will, fields);
        }
    }

    /// <summary>Completes when every message handed in is durable or has failed.</summary>
    internal Task WhenIdleAsync()
    {
        idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.MemoryBarrier();
        return Volatile.Read(ref outstanding) == 0 ? Task.CompletedTask : idle.Task;
    }

    public void OnCommitted(long state)
    {
        if (state != 0)
        {
            Span<byte> packet = stackalloc byte[MqttWriter.AcknowledgementBytes];
            MqttWriter.WritePublishAcknowledgement(packet, (ushort)state);
            sender.Add(packet);
        }

        Leave();
    }

    // Not acknowledged: the client sends it again on its next connection.
    public void OnFailed(long state, Exception error)
    {
        Leave();
        End("its message could not be stored; see the server's log");
    }

    public void OnBatchEnd() => sender.ScheduleFlush();

    private PublishStep PublishWill(ConnectWill will, byte[] fields) =>
        topic.TryMatch(will.Topic.Span, out var bag) && EventHead.TryBuild(bag, fields, will.Retain, out var head)
            ? Append(head, new ReadOnlySequence<byte>(will.Message), 0)
            : PublishStep.Done;

    private PublishStep Append(ReadOnlySpan<byte> head, in ReadOnlySequence<byte> body, ushort packetId)
    {
        Interlocked.Increment(ref outstanding);
        var outcome = channel.TryAppend(head, body, this, packetId, out var wait);
        if (outcome == TelemetryOutcome.Queued)
        {
            return PublishStep.Done;
        }

        Leave();
        if (outcome == TelemetryOutcome.TooLarge)
        {
            Violate("a message is larger than the limit (MessageTooLarge)");
            return PublishStep.Done;
        }

        return new PublishStep(MustWait: true, outcome == TelemetryOutcome.LogFull ? TimeSpan.Zero : wait);
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref outstanding) == 0)
        {
            Volatile.Read(ref idle)?.TrySetResult();
        }
    }
}
