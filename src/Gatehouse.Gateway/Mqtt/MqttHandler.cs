using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Transport;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>Serves MQTT on every connection that the front door accepts for it: CONNECT here, everything after it in <see cref="MqttSession"/>.</summary>
public sealed class MqttHandler : IConnectionHandler
{
    private const int MaxConnectBytes = 32 * 1024;
    private const int MaxClaimedCharacters = 257;

    private readonly GatewayParts parts;
    private readonly ConnectRules rules;

    internal MqttHandler(GatewayParts parts) => (this.parts, rules) = (parts, new ConnectRules(parts));

    public async Task RunAsync(ClientConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        switch (await ConnectAsync(connection))
        {
            case ConnectOutcome.Accepted accepted:
                await ServeAsync(connection, accepted);
                break;
            case ConnectOutcome.Refused refused:
                await RefuseAsync(connection, refused);
                break;
            case ConnectOutcome.Unavailable:
                await AnswerAsync(connection, ConnectReturnCode.ServerUnavailable);
                break;
            default:
                break;
        }
    }

    private async Task ServeAsync(ClientConnection connection, ConnectOutcome.Accepted accepted)
    {
        connection.MarkAuthenticated();
        if (connection.Draining.IsCancellationRequested)
        {
            await AnswerAsync(connection, ConnectReturnCode.ServerUnavailable);
            return;
        }

        using var channel = await parts.Telemetry.OpenAsync(accepted.Principal.Hub, accepted.Principal.Identity!.Value, CancellationToken.None);
        try
        {
            if (await parts.Throttles.PassAsync(channel.Share, Operations.ConnectDevice, connection.Draining) is { } throttled)
            {
                await RefuseAsync(connection, ConnectRules.Throttled(accepted, throttled));
                return;
            }
        }
        catch (OperationCanceledException)
        {
            await AnswerAsync(connection, ConnectReturnCode.ServerUnavailable);
            return;
        }

        await new MqttSession(connection, parts, accepted, channel).RunAsync();
    }

    private async ValueTask<ConnectOutcome> ConnectAsync(ClientConnection connection)
    {
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            var buffer = read.Buffer;
            if (MqttFrame.TryRead(ref buffer, MaxConnectBytes, out var frame, out var fault))
            {
                var outcome = await JudgeAsync(frame, connection.Peer);
                connection.Input.AdvanceTo(buffer.Start);
                return outcome;
            }

            if (fault != MqttFault.None)
            {
                connection.Input.AdvanceTo(buffer.Start);
                return ConnectRules.Malformed(fault);
            }

            connection.Input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted || read.IsCanceled)
            {
                return new ConnectOutcome.Gone();
            }
        }
    }

    private async ValueTask<ConnectOutcome> JudgeAsync(MqttFrame frame, PeerInfo peer)
    {
        if (frame.Type != MqttPacketType.Connect)
        {
            return ConnectRules.Malformed(MqttFault.UnexpectedPacket);
        }

        if (ConnectPacket.TryRead(frame.Body, out var packet) is var fault and not MqttFault.None)
        {
            return ConnectRules.Malformed(fault);
        }

        try
        {
            return await rules.JudgeAsync(packet!, peer, CancellationToken.None);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            parts.Log.ConnectFailed(error);
            return new ConnectOutcome.Unavailable();
        }
    }

    private async Task RefuseAsync(ClientConnection connection, ConnectOutcome.Refused refused)
    {
        parts.Metrics.Refused();
        Report(connection.Peer, refused);
        if (refused.IsVersion5)
        {
            MqttWriter.UnsupportedVersion5.CopyTo(connection.Output.GetSpan(MqttWriter.UnsupportedVersion5.Length));
            connection.Output.Advance(MqttWriter.UnsupportedVersion5.Length);
            await connection.Output.FlushAsync();
        }
        else if (refused.Code is { } code)
        {
            await AnswerAsync(connection, code);
        }
    }

    private void Report(PeerInfo peer, ConnectOutcome.Refused refused)
    {
        var address = (peer.RemoteEndPoint as IPEndPoint)?.Address;
        if (refused.Reason == RefusalReason.ProtocolViolation && address is not null)
        {
            parts.Backoff.Refused(address, null);
        }

        parts.Refusals.Report(new Refusal
        {
            Hub = parts.Credentials.FindHub(refused.HostName ?? peer.HostName ?? "")?.Name.Value,
            Claimed = refused.Claimed is { Length: > MaxClaimedCharacters } claimed ? claimed[..MaxClaimedCharacters] : refused.Claimed,
            Reason = refused.Reason,
            Error = refused.Error,
            Detail = refused.Detail,
            Protocol = peer.Protocol,
            RemoteAddress = address?.ToString(),
        });
    }

    private static async ValueTask AnswerAsync(ClientConnection connection, ConnectReturnCode code)
    {
        connection.Output.Advance(MqttWriter.WriteConnectAcknowledgement(connection.Output.GetSpan(MqttWriter.AcknowledgementBytes), sessionPresent: false, code));
        await connection.Output.FlushAsync();
    }
}
