using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Gatehouse.Keys.Tpm;

/// <summary>One conversation with a TPM 2.0 over the kernel's device or an emulator's socket: a command, then its answer. Part 3 of the TPM 2.0 Library has the commands.</summary>
internal sealed class TpmLink : IDisposable
{
    internal const uint Owner = 0x40000001;
    internal const ushort EcDsa = 0x0018;
    internal const ushort Sha256 = 0x000B;

    private const uint CreateCode = 0x153;
    private const uint CreatePrimaryCode = 0x131;
    private const uint LoadCode = 0x157;
    private const uint UnsealCode = 0x15E;
    private const uint SignCode = 0x15D;
    private const uint FlushCode = 0x165;
    private const uint StartupCode = 0x144;
    private const uint Password = 0x40000009;
    private const ushort WithoutSessions = 0x8001;
    private const ushort WithSessions = 0x8002;
    private const int HeadBytes = 10; // tag, size, code
    private const int MaxAnswerBytes = 4096; // TPM_PT_MAX_RESPONSE_SIZE of every TPM of today

    private const uint NotStarted = 0x100;
    private const int MostTries = 40;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60); // elliptic keys only: the slowest chips take seconds

    private readonly string path;
    private readonly Stream stream;

    private TpmLink(string path, Stream stream) => (this.path, this.stream) = (path, stream);

    /// <exception cref="KeysException">There is no TPM, or this user may not use it.</exception>
    internal static TpmLink Open(KeyStoreAddress.Tpm address)
    {
        try
        {
            return new TpmLink(address.Path, address.IsSocket ? OpenSocket(address.Path) : OpenDevice(address.Path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or SocketException or ArgumentException)
        {
            throw Trouble(error is UnauthorizedAccessException
                ? $"This user may not use the TPM at '{address.Path}'. Most systems let the group 'tss' do so: sudo usermod -aG tss USER."
                : $"No TPM answers at '{address.Path}': {error.Message.TrimEnd('.')}.", error);
        }
    }

    /// <returns>A transient handle, and the public area.</returns>
    internal (uint Handle, byte[] Public) CreatePrimary(ReadOnlySpan<byte> template)
    {
        // No password and no data; nothing from outside; no PCRs.
        var answer = new TpmReader(Run(CreatePrimaryCode, [Owner], isAuthorized: true, new TpmMessage().Sized([0, 0, 0, 0]).Sized(template).Sized([]).UInt32(0)));
        var handle = answer.UInt32();
        answer.UInt32();
        return (handle, Whole(answer.Sized().ToArray(), answer.IsWhole));
    }

    /// <summary>Seals data under a parent.</summary>
    /// <returns>TPM2B_PRIVATE and TPM2B_PUBLIC, without their sizes.</returns>
    internal (byte[] Private, byte[] Public) Create(uint parent, ReadOnlySpan<byte> template, ReadOnlySpan<byte> data)
    {
        var sensitive = new TpmMessage().Sized([]).Sized(data);
        var inner = sensitive.ToArray();
        sensitive.Clear();
        var message = new TpmMessage().Sized(inner).Sized(template).Sized([]).UInt32(0);
        CryptographicOperations.ZeroMemory(inner);
        var answer = new TpmReader(Run(CreateCode, [parent], isAuthorized: true, message));
        answer.UInt32();
        var (hidden, open) = (answer.Sized().ToArray(), answer.Sized().ToArray());
        return (hidden, Whole(open, answer.IsWhole));
    }

    /// <returns>A transient handle.</returns>
    internal uint Load(uint parent, ReadOnlySpan<byte> hidden, ReadOnlySpan<byte> open)
    {
        var answer = new TpmReader(Run(LoadCode, [parent], isAuthorized: true, new TpmMessage().Sized(hidden).Sized(open)));
        return answer.UInt32();
    }

    internal byte[] Unseal(uint item)
    {
        var bytes = Run(UnsealCode, [item], isAuthorized: true, new TpmMessage());
        var answer = new TpmReader(bytes);
        answer.UInt32();
        var data = answer.Sized().ToArray();
        CryptographicOperations.ZeroMemory(bytes);
        return Whole(data, answer.IsWhole);
    }

    /// <summary>Signs a digest with an elliptic key whose scheme is ECDSA with SHA-256.</summary>
    /// <returns>r and s, without leading zeros where the TPM leaves them out.</returns>
    internal (byte[] R, byte[] S) Sign(uint key, ReadOnlySpan<byte> digest)
    {
        // A digest from outside: the ticket is the null ticket of TPM_ST_HASHCHECK.
        var message = new TpmMessage().Sized(digest).UInt16(EcDsa).UInt16(Sha256).UInt16(0x8024).UInt32(0x40000007).Sized([]);
        var answer = new TpmReader(Run(SignCode, [key], isAuthorized: true, message));
        answer.UInt32();
        var (scheme, hash) = (answer.UInt16(), answer.UInt16());
        var (r, s) = (answer.Sized().ToArray(), answer.Sized().ToArray());
        return (Whole(r, answer.IsWhole && scheme == EcDsa && hash == Sha256), s);
    }

    internal void Flush(uint handle) => Run(FlushCode, [], isAuthorized: false, new TpmMessage().UInt32(handle));

    public void Dispose() => stream.Dispose();

    private byte[] Run(uint code, ReadOnlySpan<uint> handles, bool isAuthorized, TpmMessage parameters)
    {
        var body = new TpmMessage();
        foreach (var handle in handles)
        {
            body.UInt32(handle);
        }

        if (isAuthorized)
        {
            // The empty password: handle, no nonce, no attributes, no HMAC.
            var session = new TpmMessage().UInt32(Password).Sized([]).Raw([0]).Sized([]).ToArray();
            body.UInt32((uint)session.Length).Raw(session);
        }

        var inner = parameters.ToArray();
        body.Raw(inner);
        var rest = body.ToArray();
        var whole = new TpmMessage().UInt16(isAuthorized ? WithSessions : WithoutSessions).UInt32((uint)(HeadBytes + rest.Length)).UInt32(code).Raw(rest);
        var command = whole.ToArray();
        try
        {
            return Exchange(code, command);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(inner);
            CryptographicOperations.ZeroMemory(rest);
            CryptographicOperations.ZeroMemory(command);
            parameters.Clear();
            body.Clear();
            whole.Clear();
        }
    }

    private byte[] Exchange(uint code, byte[] command)
    {
        for (var tries = 1; ; tries++)
        {
            var answer = Exchange(command);
            switch (BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(6)))
            {
                case 0:
                    return answer[HeadBytes..];
                case NotStarted when code != StartupCode && tries == 1:
                    // The kernel has started its own; an emulator may wait for it.
                    Run(StartupCode, [], isAuthorized: false, new TpmMessage().UInt16(0));
                    break;
                case 0x922 or 0x908 or 0x90A or 0x920 when tries < MostTries: // RETRY, YIELDED, TESTING, NV_RATE
                    Thread.Sleep(Pause);
                    break;
                case var refusal:
                    throw new TpmRefusal(refusal & 0xFFF, path);
            }
        }
    }

    private byte[] Exchange(byte[] command)
    {
        try
        {
            stream.Write(command);
            var answer = new byte[MaxAnswerBytes];
            var (length, size) = (0, HeadBytes);
            while (length < size)
            {
                // A device gives the whole answer to one read, if there is room for it.
                var read = stream.Read(answer, length, answer.Length - length);
                length += read;
                if (length >= HeadBytes)
                {
                    size = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(2)), int.MaxValue);
                }

                if (read == 0 || size is < HeadBytes or > MaxAnswerBytes || length > size)
                {
                    throw Trouble($"What answers at '{path}' is no TPM 2.0, or broke off.");
                }
            }

            return answer[..size];
        }
        catch (IOException error)
        {
            throw Trouble($"The TPM at '{path}' broke off: {(error.InnerException ?? error).Message.TrimEnd('.')}.", error);
        }
    }

    private static FileStream OpenDevice(string path)
    {
        // One write is one command: nothing may lie in a buffer.
        var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, BufferSize = 0 });
        if (!stream.CanSeek)
        {
            return stream;
        }

        stream.Dispose();
        throw Trouble($"'{path}' is no TPM: a device such as /dev/tpmrm0 is expected.");
    }

    private static NetworkStream OpenSocket(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.ReceiveTimeout = socket.SendTimeout = (int)AnswerTimeout.TotalMilliseconds;
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private byte[] Whole(byte[] value, bool isWhole) => isWhole ? value : throw Trouble($"The TPM's answer at '{path}' is cut short.");

    private static KeysException Trouble(string message, Exception? inner = null) => new(message, inner) { Fault = KeysFault.Unavailable };
}
