using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Identity.Tests.Tpm;

/// <summary>The same device without tools for what it does often: each of them is a process, and a registration takes a dozen.</summary>
internal sealed class WiredTpmDevice(SoftwareTpm tpm) : TpmDevice(tpm)
{
    private const uint Endorsement = 0x4000000B;
    private const uint NoHandle = 0x40000007;

    private static readonly Dictionary<string, (byte Id, int Bytes)> Banks = new() { ["sha1"] = (0x04, 20), ["sha256"] = (0x0B, 32), ["sha384"] = (0x0C, 48), ["sha512"] = (0x0D, 64) };

    private byte[] area = [];
    private byte[] inner = [];

    internal override string? Activate(byte[] blob)
    {
        var parts = Split(blob);
        using var wire = Tpm.Connect();
        if (ActivateCredential(wire, StorageRootContext, parts[0], parts[1]) is not { } key)
        {
            return "activate";
        }

        // With AES-128 in CFB mode, as the SDKs import.
        var parent = wire.Load(Tpm.Read(StorageRootContext));
        var imported = wire.Try(0x156, [parent], [TpmWire.Password], [.. Join([key, parts[4], parts[2], parts[3]]), 0, 6, 0, 128, 0, 0x43]);
        wire.Flush(parent);
        if (imported is null)
        {
            return "import";
        }

        (area, inner) = (parts[4], TpmWire.Sized(imported, sizeof(uint)));
        return null;
    }

    internal override byte[] Sign(ReadOnlySpan<byte> message)
    {
        using var wire = Tpm.Connect();
        var parent = wire.Load(Tpm.Read(StorageRootContext));
        var key = wire.Run(0x157, [parent], [TpmWire.Password], Join([inner, area]));
        var handle = BinaryPrimitives.ReadUInt32BigEndian(key);
        var signed = wire.Run(0x155, [handle], [TpmWire.Password], [.. Join([message.ToArray()]), 0, 0x0B]);
        wire.Flush(handle);
        wire.Flush(parent);
        return TpmWire.Sized(signed, sizeof(uint));
    }

    internal override byte[]? Open(byte[] blob, byte[] secret)
    {
        using var wire = Tpm.Connect();
        return ActivateCredential(wire, "ak.ctx", blob[2..], secret[2..]);
    }

    internal override (byte[] Quoted, byte[] Signature, IReadOnlyDictionary<int, string> Values) Quote(byte[] nonce, string bank, params int[] registers)
    {
        var selection = Selection(bank, registers);
        using var wire = Tpm.Connect();
        var key = wire.Load(Tpm.Read("ak.ctx"));
        var answer = wire.Run(0x158, [key], [TpmWire.Password], [.. Join([nonce]), 0, 0x10, .. selection]); // the key's own scheme
        wire.Flush(key);
        var quoted = TpmWire.Sized(answer, sizeof(uint));
        var end = answer.Length - 5; // the session's answer: no nonce, attributes, no HMAC
        return (quoted, answer[(sizeof(uint) + sizeof(ushort) + quoted.Length)..end], Read(wire, bank, registers));
    }

    internal override IReadOnlyDictionary<int, string> Registers(string selection)
    {
        var (bank, registers) = (selection.Split(':')[0], selection.Split(':')[1].Split(',').Select(each => int.Parse(each, CultureInfo.InvariantCulture)).ToArray());
        using var wire = Tpm.Connect();
        return Read(wire, bank, registers);
    }

    internal override void Extend(int register, string text)
    {
        using var wire = Tpm.Connect();
        wire.Run(0x182, [(uint)register], [TpmWire.Password], [.. TpmWire.UInt32(1), 0, Banks["sha256"].Id, .. SHA256.HashData(Encoding.UTF8.GetBytes(text))]);
    }

    internal override void Reset(params int[] registers)
    {
        using var wire = Tpm.Connect();
        foreach (var register in registers)
        {
            wire.Run(0x13D, [(uint)register], [TpmWire.Password]);
        }
    }

    private byte[]? ActivateCredential(TpmWire wire, string context, byte[] credential, byte[] secret)
    {
        var (name, key) = (wire.Load(Tpm.Read(context)), wire.Load(Tpm.Read(EndorsementContext)));
        uint? policy = WantsPolicy ? StartPolicy(wire) : null;
        var answer = wire.Try(0x147, [name, key], [TpmWire.Password, policy ?? TpmWire.Password], Join([credential, secret]));
        foreach (var handle in policy is { } session ? new[] { name, key, session } : [name, key])
        {
            wire.Flush(handle);
        }

        return answer is null ? null : TpmWire.Sized(answer, sizeof(uint));
    }

    // PolicySecret of the endorsement hierarchy.
    private static uint StartPolicy(TpmWire wire)
    {
        var session = BinaryPrimitives.ReadUInt32BigEndian(wire.Run(0x176, [NoHandle, NoHandle], [], [.. Join([new byte[16], []]), 1, 0, 0x10, 0, 0x0B]));
        wire.Run(0x151, [Endorsement, session], [TpmWire.Password], [.. Join([[], [], []]), 0, 0, 0, 0]);
        return session;
    }

    private static Dictionary<int, string> Read(TpmWire wire, string bank, int[] registers)
    {
        // A counter and the selection, then the digests in ascending order.
        var answer = wire.Run(0x17E, [], [], Selection(bank, registers));
        var (at, size) = (answer.Length - (registers.Length * (2 + Banks[bank].Bytes)), 2 + Banks[bank].Bytes);
        return registers.Order().Select((register, index) => (register, index)).ToDictionary(each => each.register, each => Convert.ToHexStringLower(TpmWire.Sized(answer, at + (each.index * size))));
    }

    private static byte[] Selection(string bank, int[] registers)
    {
        var bits = registers.Aggregate(0, (sum, register) => sum | (1 << register));
        return [.. TpmWire.UInt32(1), 0, Banks[bank].Id, 3, (byte)bits, (byte)(bits >> 8), (byte)(bits >> 16)];
    }
}
