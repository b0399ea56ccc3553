using System.IO.Pipelines;
using System.Net.WebSockets;
using Gatehouse.Transport.Admission;
using Gatehouse.Transport.Connections;
using Gatehouse.Transport.Listeners;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Transport.WebSockets;

/// <summary>MQTT and AMQP over WebSocket: the upgrade, then a connection like any other. The query (<c>?iothub-no-client-cert=true</c>) and Origin are ignored.</summary>
internal sealed class WebSocketDoor(TransportOptions options)
{
    /// <summary>The hub's path, for both protocols. Source: device-plane §1.1, §2.1 of the wire reference.</summary>
    public const string HubPath = "/$iothub/websocket";

    /// <summary>The path of Event Hubs clients, for AMQP. Source: service-plane §7.4 of the wire reference.</summary>
    public const string EventHubsPath = "/$servicebus/websocket";

    /// <summary>Where the C# client of the provisioning service dials, for both protocols. Source: dps §1 of the wire reference.</summary>
    public const string RootPath = "/";

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private ConnectionLimits Limits => options.Limits;

    public async Task RunAsync(HttpContext context, WebSocketHandlers handlers)
    {
        if (!context.WebSockets.IsWebSocketRequest || handlers.Choose(context.WebSockets.WebSocketRequestedProtocols) is not { } chosen || context.Features.Get<SecureConnection>() is not { } secure)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync($"A WebSocket upgrade with sub-protocol {handlers} is expected here.\n", context.RequestAborted);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = chosen.SubProtocol,
            DangerousEnableCompression = false,
            // The protocols' own heart-beats tell who is gone; a timer per socket would cost every idle device.
            KeepAliveInterval = Timeout.InfiniteTimeSpan,
        });
        secure.Watch.RestartAuthentication();
        await ServeAsync(context, socket, secure, chosen);
    }

    private async Task ServeAsync(HttpContext context, WebSocket socket, SecureConnection secure, WebSocketChoice chosen)
    {
        await using var stream = new WebSocketStream(socket, Limits.MaxWebSocketMessageBytes);
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 4_096, minimumReadSize: 1_024, leaveOpen: true, useZeroByteReads: true));
        var writer = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: 4_096, leaveOpen: true));
        var peer = new PeerInfo
        {
            RemoteEndPoint = secure.Watch.RemoteEndPoint,
            Protocol = chosen.Protocol,
            HostName = context.Request.Host.HasValue ? context.Request.Host.Host.Trim('[', ']') : secure.Session.HostName,
            TlsVersion = secure.Session.Version,
            CipherSuite = secure.Session.CipherSuite,
            Server = secure.Session.Server,
            Certificate = secure.Session.Certificate,
        };
        try
        {
            var input = new BudgetedInput(reader, secure.Watch, Limits.MaxUnauthenticatedBytes);
            await chosen.Handler.RunAsync(new StreamConnection(input, writer, peer, secure.Watch, secure.MarkAuthenticated));
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
