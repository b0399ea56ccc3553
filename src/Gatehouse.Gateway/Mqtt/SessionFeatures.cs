using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Throttling;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>What a session does beside telemetry. Made when it first subscribes or asks, each part when it is used: a device that only sends costs nothing more.</summary>
internal sealed class SessionFeatures(GatewayParts parts, Principal principal, DeviceShare? share, PacketSender sender, Action<string> violate, Action<string> end)
{
    [ThreadStatic]
    private static byte[]? topicScratch;

    private readonly Lock gate = new();
    private MqttMethods? methods;
    private MqttTwin? twin;
    private MqttMessages? messages;
    private MqttCertificates? certificates;
    private bool hasStopped;

    /// <summary>Follows the subscriptions. A kept session's are in force when it comes back: clients do not subscribe again.</summary>
    internal async ValueTask ApplyAsync(long subscriptions)
    {
        MqttMessages? left = null;

        // Kept from a session with a wider token, perhaps.
        subscriptions = SessionRights.Heard(principal.Rights, subscriptions);
        ApplyMethods(Subscriptions.Has(subscriptions, SubscriptionKind.Methods));
        lock (gate)
        {
            if (hasStopped)
            {
                return;
            }

            var (answers, desired) = (Subscriptions.Has(subscriptions, SubscriptionKind.TwinResponses), Subscriptions.Has(subscriptions, SubscriptionKind.DesiredProperties));
            if (answers || desired || twin is not null)
            {
                (twin ??= new MqttTwin(parts, principal, share, sender, end)).Apply(answers, desired);
            }

            var credentials = Subscriptions.Has(subscriptions, SubscriptionKind.Credentials);
            if (credentials || certificates is not null)
            {
                (certificates ??= new MqttCertificates(parts, principal, sender)).Apply(credentials);
            }

            if (Subscriptions.Has(subscriptions, SubscriptionKind.CloudToDevice))
            {
                var qos = Subscriptions.QosOf(subscriptions, SubscriptionKind.CloudToDevice);
                messages ??= new MqttMessages(parts, principal, sender, qos, end);
                messages.SetQos(qos);
            }
            else
            {
                (left, messages) = (messages, null);
            }
        }

        if (left is not null)
        {
            await left.DisposeAsync();
        }
    }

    /// <summary>To be awaited before <see cref="Publish"/>, until it is true.</summary>
    internal ValueTask<bool> WaitForRoomAsync(TimeSpan pause) => twin is { } open ? open.WaitForRoomAsync(pause) : ValueTask.FromResult(true);

    /// <summary>A PUBLISH to a topic below <c>$iothub</c>. What the hub does not know ends the connection.</summary>
    internal void Publish(in MqttFrame frame)
    {
        var fault = PublishPacket.TryRead(frame, topicScratch ??= new byte[PublishPacket.MaxTopicBytes], out var packet);
        if (fault != MqttFault.None || !ReservedTopic.TryRead(packet.Topic, out var topic))
        {
            violate("it published to a topic that is not its own or not supported");
            return;
        }

        if (!SessionRights.MayAsk(principal.Rights, topic.Kind))
        {
            violate($"it published a {topic.Kind}, and its token is made for another part of the device");
            return;
        }

        // The answer to the request is what tells that it was done; this one only that it has arrived.
        if (packet.PacketId != 0)
        {
            Span<byte> answer = stackalloc byte[MqttWriter.AcknowledgementBytes];
            MqttWriter.WritePublishAcknowledgement(answer, packet.PacketId);
            sender.Add(answer);
            sender.ScheduleFlush();
        }

        if (topic.Kind == ReservedTopicKind.MethodAnswer)
        {
            methods?.Answer(topic.RequestId, topic.Status, packet.Payload);
            return;
        }

        if (topic.Kind == ReservedTopicKind.IssueCertificate)
        {
            // Nobody would hear the answer before the session has subscribed.
            certificates?.Begin(topic, packet.Payload);
            return;
        }

        (twin ??= new MqttTwin(parts, principal, share, sender, end)).Begin(topic, packet.Payload);
    }

    /// <summary>PUBACK of a message.</summary>
    internal void Acknowledge(in MqttFrame frame)
    {
        if (!MqttReader.TryReadPacketId(frame, out var id))
        {
            violate(MqttFault.Truncated.Describe());
            return;
        }

        messages?.Acknowledge(id);
    }

    /// <summary>From any thread: the session has ended, nothing more goes out over it.</summary>
    internal void Stop()
    {
        lock (gate)
        {
            hasStopped = true;
            methods?.Dispose();
            twin?.Dispose();
        }
    }

    /// <summary>Gives unacknowledged messages back.</summary>
    internal async ValueTask CloseAsync()
    {
        Stop();
        if (messages is not null)
        {
            await messages.DisposeAsync();
        }
    }

    private void ApplyMethods(bool isWanted)
    {
        MqttMethods? made = null;
        lock (gate)
        {
            if (isWanted && methods is null && !hasStopped)
            {
                made = methods = new MqttMethods(parts, principal, sender, end);
            }
            else if (!isWanted)
            {
                methods?.Dispose();
                methods = null;
            }
        }

        // Outside the lock: it ends an older session, which takes its own lock.
        made?.Begin();
    }
}
