using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Cli.Tests;

/// <summary>Something that takes commands as a TPM does, and answers as a test wants.</summary>
internal sealed class ScriptedTpm : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;

    /// <param name="answer">Given the number of the command, from zero on.</param>
    internal ScriptedTpm(Func<int, byte[]> answer)
    {
        listener.Start();
        serving = ServeAsync(answer);
    }

    internal string Address => $"swtpm:host=127.0.0.1,port={((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>Commands that came.</summary>
    internal List<uint> Commands { get; } = [];

    /// <summary>An answer that is nothing but a code.</summary>
    internal static byte[] Code(uint code) => [0x80, 0x01, 0, 0, 0, 10, (byte)(code >> 24), (byte)(code >> 16), (byte)(code >> 8), (byte)code];

    public void Dispose()
    {
        stop.Cancel();
        serving.Wait();
        listener.Dispose();
        stop.Dispose();
    }

    private async Task ServeAsync(Func<int, byte[]> answer)
    {
        try
        {
            while (true)
            {
                using var peer = await listener.AcceptTcpClientAsync(stop.Token);
                await using var stream = peer.GetStream();
                var head = new byte[10];
                while (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, stop.Token) == head.Length)
                {
                    await stream.ReadExactlyAsync(new byte[BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(2)) - head.Length]);
                    Commands.Add(BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(6)));
                    await stream.WriteAsync(answer(Commands.Count - 1));
                }
            }
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or IOException)
        {
            // The test has ended.
        }
    }
}
