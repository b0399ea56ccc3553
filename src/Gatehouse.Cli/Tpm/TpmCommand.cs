using static Gatehouse.Cli.Tpm.TpmNumbers;

namespace Gatehouse.Cli.Tpm;

/// <summary>One command on its way to a TPM: handles, then sessions, then parameters. TPM 2.0 Library, part 1 §18.</summary>
internal sealed class TpmCommand
{
    private const int HeadBytes = 10; // tag, size, code

    private readonly TpmWriter handles = new();
    private readonly TpmWriter sessions = new();
    private readonly TpmWriter parameters = new();

    internal TpmCommand(TpmCommandCode code, params ReadOnlySpan<uint> handles)
    {
        Code = code;
        foreach (var handle in handles)
        {
            this.handles.UInt32(handle);
        }
    }

    internal TpmCommandCode Code { get; }

    /// <summary>The empty password for the next handle.</summary>
    internal TpmCommand WithPassword() => WithSession(Password, 0);

    /// <summary>A policy session for the next handle; it goes on afterwards.</summary>
    internal TpmCommand WithPolicy(uint session) => WithSession(session, 1);

    internal TpmCommand Byte(byte value)
    {
        parameters.Raw([value]);
        return this;
    }

    internal TpmCommand UInt16(ushort value)
    {
        parameters.UInt16(value);
        return this;
    }

    internal TpmCommand UInt32(uint value)
    {
        parameters.UInt32(value);
        return this;
    }

    internal TpmCommand Sized(ReadOnlySpan<byte> value)
    {
        parameters.Sized(value);
        return this;
    }

    internal TpmCommand Raw(ReadOnlySpan<byte> value)
    {
        parameters.Raw(value);
        return this;
    }

    /// <summary>What goes to the TPM.</summary>
    internal byte[] Encode()
    {
        var hasSessions = !sessions.Bytes.IsEmpty;
        var size = HeadBytes + handles.Bytes.Length + (hasSessions ? sizeof(uint) + sessions.Bytes.Length : 0) + parameters.Bytes.Length;
        var whole = new TpmWriter().UInt16(hasSessions ? WithSessions : WithoutSessions).UInt32((uint)size).UInt32((uint)Code).Raw(handles.Bytes);
        if (hasSessions)
        {
            whole.UInt32((uint)sessions.Bytes.Length).Raw(sessions.Bytes);
        }

        var bytes = whole.Raw(parameters.Bytes).Bytes.ToArray();
        whole.Clear();
        return bytes;
    }

    /// <summary>Overwrites what was written: it held a secret.</summary>
    internal void Clear() => parameters.Clear();

    // Handle, no nonce, attributes, no HMAC: neither an empty password nor a policy session without secrets has one.
    private TpmCommand WithSession(uint handle, byte attributes)
    {
        sessions.UInt32(handle).Sized([]).Raw([attributes]).Sized([]);
        return this;
    }
}
