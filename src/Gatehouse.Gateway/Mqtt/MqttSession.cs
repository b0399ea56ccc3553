using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Gateway.Faults;
using Gatehouse.Gateway.Sessions;
using Gatehouse.Hub.Connections;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Hub.Throttling;
using Gatehouse.Identity;
using Gatehouse.Transport;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>One authenticated MQTT connection, from CONNACK to its end. One task reads; acknowledgements leave from the log's commits.</summary>
internal sealed class MqttSession : ILiveSession
{
    private const string Stopping = "the server is stopping";
    private const int MaxBody = 262_144 + PublishPacket.MaxTopicBytes + 4;
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(1767); // 1.5 × 1177 s, the service's largest keep-alive
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWill = TimeSpan.FromSeconds(10);

    private readonly ClientConnection connection;
    private readonly GatewayParts parts;
    private readonly ConnectOutcome.Accepted accepted;
    private readonly IdentityKey identity;
    private readonly PacketSender sender;
    private readonly TelemetryDoor telemetry;
    private readonly DeviceShare? share;
    private readonly FaultWatch? faults;
    private readonly CancellationTokenSource ending = new();
    private ConnectionState? state;
    private long subscriptions;
    private SessionFeatures? features;
    private Principal? judgedAgain;
    private string? endReason;
    private bool isOrderly;

    internal MqttSession(ClientConnection connection, GatewayParts parts, ConnectOutcome.Accepted accepted, TelemetryChannel channel)
    {
        (this.connection, this.parts, this.accepted) = (connection, parts, accepted);
        identity = accepted.Principal.Identity!.Value;
        sender = new PacketSender(connection, parts.Options.MaxUnreadBytes);
        share = channel.Share;
        faults = parts.Faults is { } injection ? new FaultWatch(injection, Principal, Strike) : null;
        telemetry = new TelemetryDoor(accepted, channel, sender) { Violate = Violate, End = End, Faults = faults, Time = parts.Time };
    }

    public Principal Principal => Volatile.Read(ref judgedAgain) ?? accepted.Principal;

    public string? TlsVersion => connection.Peer.TlsVersion;

    private SessionFeatures Features
    {
        get
        {
            if (features is null)
            {
                Volatile.Write(ref features, new SessionFeatures(parts, Principal, share, sender, Violate, End));
                if (Volatile.Read(ref endReason) is not null)
                {
                    features.Stop();
                }
            }

            return features;
        }
    }

    public void Displace()
    {
        parts.Metrics.Displaced();
        End(HubErrors.ConnectionForcefullyClosedOnNewConnection.Message);
    }

    public IPAddress? Address => accepted.Login.RemoteAddress;

    public void JudgeAgain() => _ = JudgeAgainAsync();

    internal async Task RunAsync()
    {
        Open();
        await ResumeAsync();
        using var draining = connection.Draining.UnsafeRegister(static session => ((MqttSession)session!).Drain(), this);
        try
        {
            await ReadPacketsAsync();
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or InvalidOperationException)
        {
            endReason ??= connection.Draining.IsCancellationRequested ? Stopping : "the connection was lost";
        }
        finally
        {
            await CloseAsync();
        }
    }

    private ClientTraits Traits => connection.Peer.Traits(accepted.User.ClientType);

    private void Drain()
    {
        connection.Input.CancelPendingRead();
        _ = ending.CancelAsync();
    }

    private void Open()
    {
        var keepAlive = TimeSpan.FromSeconds(accepted.Packet.KeepAliveSeconds * 1.5);
        connection.SetIdleTimeout(keepAlive == TimeSpan.Zero || keepAlive > LongestSilence ? LongestSilence : keepAlive);
        connection.SetDeadline(Principal.ExpiresAt is { } end ? end + parts.Options.TokenGrace : null);

        // Before the older session is displaced: its end then finds this one and does not show the device as gone.
        state = parts.States.Connected(Principal.Hub, identity, Principal.GenerationId ?? "");
        parts.Sessions.Add(this);
        parts.Uses.Used(Principal, Traits);
        parts.Uses.Shown(Principal, accepted.Login.Certificate);
        parts.Metrics.Opened();
        var kept = accepted.Packet.CleanSession ? null : state.KeptSubscriptions;
        subscriptions = kept ?? 0;
        parts.States.Keep(state, accepted.Packet.CleanSession ? null : subscriptions);
        Span<byte> answer = stackalloc byte[MqttWriter.AcknowledgementBytes];
        MqttWriter.WriteConnectAcknowledgement(answer, kept is not null, ConnectReturnCode.Accepted);
        sender.Add(answer);
        parts.Log.SessionOpened(Principal.Hub.Value, accepted.Packet.ClientId, connection.Peer.Protocol, connection.Peer.RemoteEndPoint?.ToString() ?? "", accepted.User.ClientType);
        if (parts.Sessions.Changes != accepted.Changes)
        {
            JudgeAgain();
        }
    }

    // What the device said when it connected and what is kept for it; most have neither.
    private async ValueTask ResumeAsync()
    {
        if (subscriptions != 0)
        {
            await Features.ApplyAsync(subscriptions);
        }

        // Only now: what is kept is in force when the client reads that it is connected.
        sender.Flush();
        await ModelIds.KeepAsync(parts, Principal, accepted.User.ModelId);
    }

    private async Task ReadPacketsAsync()
    {
        while (endReason is null)
        {
            var read = await connection.Input.ReadAsync();
            var buffer = read.Buffer;
            var fault = MqttFault.None;
            while (endReason is null && MqttFrame.TryRead(ref buffer, MaxBody, out var frame, out fault))
            {
                connection.Touch();
                if (frame.Type == MqttPacketType.Publish)
                {
                    var step = telemetry.Publish(frame);
                    while (step.MustWait)
                    {
                        // Ends with the session: what is not acknowledged comes again on the next one, in order. OperationCanceledException.
                        sender.Flush();
                        await telemetry.WaitAsync(step.Wait > LongestPause ? step with { Wait = LongestPause } : step, ending.Token);
                        connection.Touch(); // Held back is not silent.
                        step = telemetry.Publish(frame);
                    }

                    if (step.IsReserved)
                    {
                        await PublishReservedAsync(frame);
                    }
                }
                else
                {
                    await HandleAsync(frame);
                }
            }

            if (fault != MqttFault.None)
            {
                Violate(fault.Describe());
            }

            if (!read.Buffer.IsEmpty)
            {
                state!.Touch(parts.Time.GetUtcNow().UtcTicks);
            }

            connection.Input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
            {
                endReason ??= "the client closed the connection without DISCONNECT";
            }

            if (connection.Draining.IsCancellationRequested)
            {
                endReason ??= Stopping;
            }
        }
    }

    private async ValueTask PublishReservedAsync(MqttFrame frame)
    {
        while (!await Features.WaitForRoomAsync(LongestPause))
        {
            connection.Touch(); // Held back is not silent.
        }

        connection.Touch();
        Features.Publish(frame);
    }

    private ValueTask HandleAsync(in MqttFrame frame)
    {
        switch (frame.Type)
        {
            case MqttPacketType.PingRequest:
                sender.Add(MqttWriter.PingResponse);
                sender.Flush();
                return ValueTask.CompletedTask;
            case MqttPacketType.PublishAcknowledgement:
                features?.Acknowledge(frame);
                return ValueTask.CompletedTask;
            case MqttPacketType.Subscribe:
                return SubscribeAsync(frame);
            case MqttPacketType.Unsubscribe:
                return UnsubscribeAsync(frame);
            case MqttPacketType.Disconnect:
                (isOrderly, endReason) = (true, "the client disconnected");
                return ValueTask.CompletedTask;
            default:
                Violate($"{MqttFault.UnexpectedPacket.Describe()} ({frame.Type})");
                return ValueTask.CompletedTask;
        }
    }

    private ValueTask SubscribeAsync(in MqttFrame frame)
    {
        if (!TryReadFilters(frame, out var packet))
        {
            return ValueTask.CompletedTask;
        }

        var granted = new List<byte>(packet!.Filters.Count);
        var wanted = subscriptions;
        foreach (var filter in packet.Filters)
        {
            if (!SubscriptionFilter.TryMatch(filter.Text, identity, out var kind))
            {
                Violate("it subscribed to a topic filter that the hub does not serve to it");
                return ValueTask.CompletedTask;
            }

            if (!SessionRights.MayHear(Principal.Rights, kind))
            {
                Violate($"it subscribed to {kind}, and its token is made for another part of the device");
                return ValueTask.CompletedTask;
            }

            var qos = Math.Min(filter.Qos, (byte)1);
            wanted = Subscriptions.Add(wanted, kind, qos);
            granted.Add(qos);
        }

        return AcknowledgeAsync(wanted, MqttWriter.SubscribeAcknowledgement(packet.PacketId, granted));
    }

    private ValueTask UnsubscribeAsync(in MqttFrame frame)
    {
        if (!TryReadFilters(frame, out var packet))
        {
            return ValueTask.CompletedTask;
        }

        var wanted = subscriptions;
        foreach (var filter in packet!.Filters)
        {
            if (SubscriptionFilter.TryMatch(filter.Text, identity, out var kind))
            {
                wanted = Subscriptions.Remove(wanted, kind);
            }
        }

        var answer = new byte[MqttWriter.AcknowledgementBytes];
        MqttWriter.WriteUnsubscribeAcknowledgement(answer, packet.PacketId);
        return AcknowledgeAsync(wanted, answer);
    }

    private bool TryReadFilters(in MqttFrame frame, out SubscribePacket? packet)
    {
        if (SubscribePacket.TryRead(frame, out packet) is var fault and not MqttFault.None)
        {
            Violate(fault.Describe());
            return false;
        }

        if (packet!.Filters.Count > parts.Options.MaxFilters)
        {
            Violate($"it sent {packet.Filters.Count} filters in one packet; {parts.Options.MaxFilters} are allowed");
            return false;
        }

        return true;
    }

    // A kept session's subscriptions are durable before they are acknowledged: clients do not subscribe again.
    private async ValueTask AcknowledgeAsync(long wanted, byte[] answer)
    {
        if (wanted != subscriptions)
        {
            subscriptions = wanted;
            if (!accepted.Packet.CleanSession)
            {
                parts.States.Keep(state!, wanted);
                await parts.StateWriter.FlushAsync(CancellationToken.None);
            }
        }

        // In force before the client reads that it is; what it brings goes out behind the answer.
        sender.Add(answer);
        await Features.ApplyAsync(subscriptions);
        sender.Flush();
    }

    private async Task JudgeAgainAsync()
    {
        try
        {
            var changes = parts.Sessions.Changes;
            var verdict = await parts.Authenticator.AuthenticateAsync(accepted.Login with { CountsForBackoff = false }, CancellationToken.None);
            if (verdict is Verdict.Refused refused)
            {
                Report(refused.Reason, refused.Error, $"The open connection was closed after a change. {refused.Detail}");
                End("its right to be connected has ended");
            }
            else if (verdict is Verdict.Accepted { Principal: var now } && now.GenerationId != Principal.GenerationId)
            {
                End("the identity was deleted and made anew");
            }
            else if (verdict is Verdict.Accepted { Principal: var by } && Standing(by) != Standing(Principal))
            {
                // It stands on another path or another key now, by which a change meanwhile has not found it.
                Volatile.Write(ref judgedAgain, by);
                parts.Uses.Used(by, Traits);
                if (parts.Sessions.Changes != changes)
                {
                    JudgeAgain();
                }
            }
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            parts.Log.JudgeAgainFailed(Principal.Hub.Value, accepted.Packet.ClientId, error);
            End("its proof could not be judged again");
        }
    }

    private static (string? Name, string Mark, CertificateTrace? Path) Standing(Principal by) => (by.CredentialName, by.CredentialMark, by.Certificates);

    // Either is the end of the connection: MQTT 3.1.1 has no word for it.
    private void Strike(FaultOrder order)
    {
        if (order.Type is FaultType.KillTcp or FaultType.ShutDownMqtt)
        {
            End($"a fault that it ordered: {order.Type}");
        }
    }

    private void Violate(string what)
    {
        Report(RefusalReason.ProtocolViolation, HubErrors.GenericBadRequest, $"The connection was closed: {what}.");
        End(what);
    }

    private void Report(RefusalReason reason, HubError error, string detail) => parts.Refusals.Report(new Refusal
    {
        Hub = Principal.Hub.Value,
        Claimed = accepted.Packet.ClientId,
        Reason = reason,
        Error = error,
        Detail = detail,
        Protocol = connection.Peer.Protocol,
        RemoteAddress = (connection.Peer.RemoteEndPoint as IPEndPoint)?.Address.ToString(),
    });

    // From any thread; the first reason stays.
    private void End(string reason)
    {
        if (Interlocked.CompareExchange(ref endReason, reason, null) is null)
        {
            parts.Log.SessionClosed(Principal.Hub.Value, accepted.Packet.ClientId, reason);
            Volatile.Read(ref features)?.Stop();
            _ = ending.CancelAsync();
            connection.Abort(reason);
        }
    }

    private async Task CloseAsync()
    {
        if (features is not null)
        {
            await CloseFeaturesAsync(features);
        }

        faults?.Dispose();
        var isDraining = connection.Draining.IsCancellationRequested;
        if (!isOrderly && !isDraining && accepted.Packet.Will is { } will)
        {
            await SendWillAsync(will);
        }

        if (isDraining || isOrderly)
        {
            await FinishAcknowledgingAsync();
        }

        parts.Sessions.Remove(this);
        parts.States.Disconnected(state!);
        parts.Metrics.Closed();
        parts.Log.SessionEnded(Principal.Hub.Value, accepted.Packet.ClientId, endReason ?? "unknown");
    }

    private async Task CloseFeaturesAsync(SessionFeatures open)
    {
        try
        {
            await open.CloseAsync();
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // Their locks end by themselves.
            parts.Log.DeviceMessagesFailed(Principal.Hub.Value, accepted.Packet.ClientId, error);
        }
    }

    // For a bounded time: its session keeps its place meanwhile.
    private async Task SendWillAsync(ConnectWill will)
    {
        using var patience = new CancellationTokenSource(LongestWill, parts.Time);
        using var draining = connection.Draining.UnsafeRegister(static patience => ((CancellationTokenSource)patience!).Cancel(), patience);
        try
        {
            await telemetry.SendWillAsync(will, patience.Token);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
        {
            parts.Log.WillLost(Principal.Hub.Value, accepted.Packet.ClientId, error);
        }
    }

    private async Task FinishAcknowledgingAsync()
    {
        try
        {
            await telemetry.WhenIdleAsync().WaitAsync(DrainTimeout, parts.Time);
            await sender.DrainAsync().WaitAsync(DrainTimeout, parts.Time);
        }
        catch (TimeoutException)
        {
            connection.Abort("its acknowledgements could not be finished in time");
        }
    }
}
