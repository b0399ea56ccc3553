using System.IO.Pipelines;
using System.Net.WebSockets;
using Gatehouse.Transport.Admission;
using Gatehouse.Transport.Connections;
using Gatehouse.Transport.Listeners;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Transport.WebSockets;

/// <summary>MQTT over WebSocket: the upgrade, then a connection like any other. The query (<c>?iothub-no-client-cert=true</c>) and Origin are ignored.</summary>
internal sealed class MqttWebSocketDoor(TransportOptions options)
{
    /// <summary>The path that the SDKs fix. Source: device-plane reference §1.1.</summary>
    public const string Path = "/$iothub/websocket";

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private ConnectionLimits Limits => options.Limits;

    public async Task RunAsync(HttpContext context, IConnectionHandler handler)
    {
        // The C SDK writes MQTT in capitals; each gets its own spelling back.
        var protocol = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(p => p.Equals("mqtt", StringComparison.OrdinalIgnoreCase));
        if (!context.WebSockets.IsWebSocketRequest || protocol is null || context.Features.Get<SecureConnection>() is not { } secure)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync("A WebSocket upgrade with sub-protocol mqtt is expected here.\n", context.RequestAborted);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = protocol,
            DangerousEnableCompression = false,
            // MQTT's own keep-alive tells who is gone; a timer per socket would cost every idle device.
            KeepAliveInterval = Timeout.InfiniteTimeSpan,
        });
        secure.Watch.RestartAuthentication();
        await ServeAsync(context, socket, secure, handler);
    }

    private async Task ServeAsync(HttpContext context, WebSocket socket, SecureConnection secure, IConnectionHandler handler)
    {
        await using var stream = new WebSocketStream(socket, Limits.MaxWebSocketMessageBytes);
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 4_096, minimumReadSize: 1_024, leaveOpen: true, useZeroByteReads: true));
        var writer = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: 4_096, leaveOpen: true));
        var peer = new PeerInfo
        {
            RemoteEndPoint = secure.Watch.RemoteEndPoint,
            Protocol = "mqtt-ws",
            HostName = context.Request.Host.HasValue ? context.Request.Host.Host.Trim('[', ']') : secure.Session.HostName,
            TlsVersion = secure.Session.Version,
            Certificate = secure.Session.Certificate,
        };
        try
        {
            var input = new BudgetedInput(reader, secure.Watch, Limits.MaxUnauthenticatedBytes);
            await handler.RunAsync(new StreamConnection(input, writer, peer, secure.Watch, secure.MarkAuthenticated));
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            // A refused message has sent its close frame with the reason; a reset would overtake it.
            if (socket.State != WebSocketState.CloseSent)
            {
                secure.Watch.Abort("the connection was lost", "lost");
            }
        }
        finally
        {
            secure.Watch.CloseBy(CloseTimeout);
            await EndAsync(socket, reader, writer);
        }
    }

    private static async Task EndAsync(WebSocket socket, PipeReader reader, PipeWriter writer)
    {
        try
        {
            await writer.CompleteAsync();
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or InvalidOperationException)
        {
            // The peer is gone; there is nobody to tell.
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }
}
