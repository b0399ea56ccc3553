using System.Collections.Concurrent;

namespace Gatehouse.Transport.Tests;

/// <summary>A protocol for tests: echoes what it gets and marks the peer as known at the first byte.</summary>
internal sealed class Handler(Func<ClientConnection, Task> serve) : IConnectionHandler
{
    public ConcurrentQueue<ClientConnection> Connections { get; } = new();

    /// <summary>Thumbprints of what each peer presented, leaf first.</summary>
    public ConcurrentQueue<string> Seen { get; } = new();

    public async Task RunAsync(ClientConnection connection)
    {
        Connections.Enqueue(connection);
        if (connection.Peer.Certificate is { } certificate)
        {
            Seen.Enqueue(string.Join(' ', certificate.Intermediates.Prepend(certificate.Leaf).Select(c => c.Thumbprint)));
        }

        await serve(connection);
    }

    public static async Task EchoAsync(ClientConnection connection)
    {
        while (true)
        {
            var result = await connection.Input.ReadAsync(connection.Draining);
            if (result.IsCompleted && result.Buffer.IsEmpty)
            {
                return;
            }

            connection.Touch();
            connection.MarkAuthenticated();
            foreach (var part in result.Buffer)
            {
                await connection.Output.WriteAsync(part);
            }

            connection.Input.AdvanceTo(result.Buffer.End);
        }
    }

    /// <summary>Does not care that the server stops; ends only when its connection does.</summary>
    public static async Task StayAsync(ClientConnection connection)
    {
        while (!(await connection.Input.ReadAsync(CancellationToken.None)).IsCompleted)
        {
        }
    }

    /// <summary>Reads for ever and never knows its peer.</summary>
    public static async Task SinkAsync(ClientConnection connection)
    {
        while (true)
        {
            var result = await connection.Input.ReadAsync(connection.Draining);
            connection.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }
}
