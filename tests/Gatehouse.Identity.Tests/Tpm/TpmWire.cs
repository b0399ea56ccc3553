using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Gatehouse.Identity.Tests.Tpm;

/// <summary>Speaks to a software TPM as its tools do, for a fiftieth of their time. Numbers and layouts: TPM 2.0 Library, parts 2 and 3; every password is empty.</summary>
internal sealed class TpmWire : IDisposable
{
    internal const uint Password = 0x40000009;

    private const int HeadBytes = 10; // tag, size, code
    private const uint Retry = 0x922;

    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp);

    internal TpmWire(int port) => socket.Connect(IPAddress.Loopback, port);

    /// <summary>What follows the code in the answer; null when the TPM refuses.</summary>
    internal byte[]? Try(uint code, uint[] handles, uint[] sessions, params byte[] parameters)
    {
        byte[] body =
        [
            .. handles.SelectMany(UInt32),
            .. sessions.Length == 0 ? [] : UInt32((uint)(9 * sessions.Length)),
            .. sessions.SelectMany(session => (byte[])[.. UInt32(session), 0, 0, (byte)(session == Password ? 0 : 1), 0, 0]), // no nonce, a policy session goes on, no HMAC
            .. parameters,
        ];
        byte[] command = [0x80, (byte)(sessions.Length == 0 ? 1 : 2), .. UInt32((uint)(HeadBytes + body.Length)), .. UInt32(code), .. body];
        while (true)
        {
            socket.Send(command);
            var answer = Receive();
            switch (BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(6)))
            {
                case 0:
                    return answer[HeadBytes..];
                case Retry: // the first use of a key since the TPM wrote down that all was in order
                    break;
                default:
                    return null;
            }
        }
    }

    internal byte[] Run(uint code, uint[] handles, uint[] sessions, params byte[] parameters)
    {
        var answer = Try(code, handles, sessions, parameters);
        Assert.True(answer is not null, $"TPM command {code:X} was refused");
        return answer;
    }

    /// <summary>What the tools keep with <c>-c</c>: a few words of their own around what the TPM gave them.</summary>
    /// <returns>A transient handle.</returns>
    internal uint Load(byte[] file)
    {
        var (hierarchy, handle, sequence) = (file[8..12], file[12..16], file[16..24]);
        var context = file[30..(32 + BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(30)))];
        return BinaryPrimitives.ReadUInt32BigEndian(Run(0x161, [], [], [.. sequence, .. handle, .. hierarchy, .. context]));
    }

    internal void Flush(uint handle) => Try(0x165, [], [], UInt32(handle));

    /// <summary>The TPM2B at this place, without its size.</summary>
    internal static byte[] Sized(byte[] answer, int at) => answer[(at + 2)..(at + 2 + BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(at)))];

    internal static byte[] UInt32(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    public void Dispose() => socket.Dispose();

    private byte[] Receive()
    {
        var answer = new byte[4096];
        for (var (read, size) = (0, HeadBytes); ;)
        {
            var more = socket.Receive(answer, read, answer.Length - read, SocketFlags.None);
            Assert.True(more > 0, "the TPM hung up");
            read += more;
            size = read < HeadBytes ? size : BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(2));
            if (read >= size)
            {
                return answer[..size];
            }
        }
    }
}
