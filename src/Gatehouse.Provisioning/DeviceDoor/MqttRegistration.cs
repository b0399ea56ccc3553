using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Transport;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Provisioning.DeviceDoor;

/// <summary>One MQTT connection of a device that registers: CONNECT, one subscription, requests and their replies, one after the other.</summary>
/// <remarks>
/// Source: dps §4 of the wire reference. Strict clients want SUBACK first and the PUBACK of a request before its reply. Errors of a request are replies;
/// a wrong topic, a request before the subscription and everything else that is not spoken here end the connection.
/// </remarks>
internal sealed class MqttRegistration(ClientConnection connection, RegistrationUserName user, DeviceRegistrations registrations, ProvisioningOptions options, TimeProvider time)
{
    private const int MaxTopicBytes = 1024;

    /// <summary>For clients that name no keep-alive; a registration takes seconds.</summary>
    private static readonly TimeSpan DefaultIdle = TimeSpan.FromMinutes(5);

    private DeviceCaller? caller;
    private bool isSubscribed;
    private ushort lastPacketId;

    internal async Task RunAsync()
    {
        using var draining = connection.Draining.UnsafeRegister(static input => ((PipeReader)input!).CancelPendingRead(), connection.Input);
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            var buffer = read.Buffer;
            var (goesOn, fault) = (true, MqttFault.None);
            while (goesOn && MqttFrame.TryRead(ref buffer, options.MaxDeviceBodyBytes + MaxTopicBytes, out var frame, out fault))
            {
                connection.Touch();
                goesOn = caller is null ? await ConnectAsync(frame) : await HandleAsync(frame);
            }

            goesOn = goesOn && fault == MqttFault.None && !read.IsCompleted && !read.IsCanceled && !connection.Draining.IsCancellationRequested;
            connection.Input.AdvanceTo(buffer.Start, goesOn ? buffer.End : buffer.Start);
            if (!goesOn)
            {
                return;
            }
        }
    }

    private async ValueTask<bool> ConnectAsync(MqttFrame frame)
    {
        if (frame.Type != MqttPacketType.Connect || ConnectPacket.TryRead(frame.Body, out var packet) != MqttFault.None)
        {
            return false;
        }

        var peer = connection.Peer;
        var shown = new DeviceCaller(peer.Protocol, (peer.RemoteEndPoint as IPEndPoint)?.Address, packet!.Password, peer.Certificate, connection.MarkAuthenticated) { Client = peer.Traits(user.ClientVersion) };
        var refused = (await registrations.AdmitAsync(Target(Operations.GetDeviceRegistration, ""), shown, CancellationToken.None)).Error;
        Write(span => MqttWriter.WriteConnectAcknowledgement(span, sessionPresent: false, refused is null ? ConnectReturnCode.Accepted : refused.IsTransient ? ConnectReturnCode.ServerUnavailable : ConnectReturnCode.NotAuthorized), MqttWriter.AcknowledgementBytes);
        await connection.Output.FlushAsync();
        if (refused is not null)
        {
            return false;
        }

        connection.SetIdleTimeout(packet.KeepAliveSeconds == 0 ? DefaultIdle : TimeSpan.FromSeconds(1.5 * packet.KeepAliveSeconds));
        caller = shown;
        return true;
    }

    private async ValueTask<bool> HandleAsync(MqttFrame frame)
    {
        switch (frame.Type)
        {
            case MqttPacketType.Subscribe:
                return await SubscribeAsync(frame);
            case MqttPacketType.Publish:
                return await PublishAsync(frame);
            case MqttPacketType.Unsubscribe when SubscribePacket.TryRead(frame, out var packet) == MqttFault.None:
                isSubscribed = isSubscribed && packet!.Filters.All(filter => filter.Text != RegistrationTopic.ReplyFilter);
                Write(span => MqttWriter.WriteUnsubscribeAcknowledgement(span, packet!.PacketId), MqttWriter.AcknowledgementBytes);
                break;
            case MqttPacketType.PingRequest:
                connection.Output.Write(MqttWriter.PingResponse);
                break;
            case MqttPacketType.PublishAcknowledgement:
                return true;
            default:
                return false;
        }

        await connection.Output.FlushAsync();
        return true;
    }

    private async ValueTask<bool> SubscribeAsync(MqttFrame frame)
    {
        if (SubscribePacket.TryRead(frame, out var packet) != MqttFault.None)
        {
            return false;
        }

        const byte Refused = 0x80;
        var granted = packet!.Filters.Select(filter => filter.Text == RegistrationTopic.ReplyFilter ? Math.Min(filter.Qos, (byte)1) : Refused).ToList();
        isSubscribed = isSubscribed || granted.Exists(qos => qos != Refused);
        connection.Output.Write(MqttWriter.SubscribeAcknowledgement(packet.PacketId, granted));
        await connection.Output.FlushAsync();
        return true;
    }

    private async ValueTask<bool> PublishAsync(MqttFrame frame)
    {
        if (!isSubscribed || !TryRead(frame, out var packetId, out var request, out var payload))
        {
            return false;
        }

        if (packetId != 0)
        {
            Write(span => MqttWriter.WritePublishAcknowledgement(span, packetId), MqttWriter.AcknowledgementBytes);
            await connection.Output.FlushAsync();
        }

        var answer = await AnswerAsync(request!, payload);
        Reply(request!, answer);
        await connection.Output.FlushAsync();

        // Who no longer proves itself has no business here.
        return answer.Error?.Code != ProvisioningErrors.Unauthorized.Code;
    }

    private static bool TryRead(MqttFrame frame, out ushort packetId, out RegistrationTopic? request, out byte[] payload)
    {
        (packetId, request, payload) = (0, null, []);
        var scratch = ArrayPool<byte>.Shared.Rent(PublishPacket.MaxTopicBytes);
        try
        {
            if (PublishPacket.TryRead(frame, scratch, out var packet) != MqttFault.None || packet.IsRetained || !RegistrationTopic.TryParse(Encoding.UTF8.GetString(packet.Topic), out request))
            {
                return false;
            }

            (packetId, payload) = (packet.PacketId, packet.Payload.ToArray());
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private async ValueTask<Result<DeviceAnswer>> AnswerAsync(RegistrationTopic request, byte[] payload)
    {
        var row = request.Verb switch
        {
            RegistrationVerb.Register => Operations.RegisterDevice,
            RegistrationVerb.GetOperationStatus => Operations.GetOperationStatus,
            _ => Operations.GetDeviceRegistration,
        };
        return await registrations.RunSafelyAsync(Target(row, request.OperationId), caller!, _ => Task.FromResult(ReadBody(row, payload)), CancellationToken.None);
    }

    private Result<RegistrationBody?> ReadBody(Operation row, byte[] payload) =>
        row == Operations.GetOperationStatus ? (RegistrationBody?)null
        : payload.Length > options.MaxDeviceBodyBytes ? ProvisioningErrors.RequestTooLarge.With($"The body is larger than {options.MaxDeviceBodyBytes} bytes.")
        : JsonBody.Parse(payload, ProvisioningJson.Types.RegistrationBody);

    private void Reply(RegistrationTopic request, Result<DeviceAnswer> answer)
    {
        var body = answer.IsOk ? answer.Value.Encode() : ErrorAnswer.Encode(answer.Error, Guid.NewGuid().ToString(), time.GetUtcNow());
        var status = answer.IsOk ? answer.Value.Status : answer.Error.HttpStatus;
        int? wait = !answer.IsOk ? (answer.Error.IsTransient ? ErrorAnswer.SecondsOf(answer.Error, options.RetryAfter) : null) : answer.Value.IsPending ? (int)Math.Ceiling(options.RetryAfter.TotalSeconds) : null;
        var replyTopic = Encoding.UTF8.GetBytes(request.Reply(status, wait));
        lastPacketId = (ushort)((lastPacketId % ushort.MaxValue) + 1);
        Write(span => MqttWriter.WritePublishHead(span, replyTopic, lastPacketId, body.Length), MqttWriter.PublishHeadBytes(replyTopic.Length));
        connection.Output.Write(body);
    }

    private RegistrationTarget Target(Operation row, string operationId) => new(user.IdScope, user.RegistrationId, row, operationId);

    private void Write(Func<Span<byte>, int> write, int most) => connection.Output.Advance(write(connection.Output.GetSpan(most)));
}
