using System.Security.Cryptography;
using static Gatehouse.Cli.Tpm.TpmNumbers;

namespace Gatehouse.Cli.Tpm;

/// <summary>The commands of a TPM that attestation needs, by their names in TPM 2.0 Library, part 3. Every password is empty.</summary>
internal sealed class TpmChip(TpmConnection connection) : IDisposable
{
    private const int NonceBytes = 16;
    private const byte PolicySession = 1;
    private const int MaxValues = 8; // in one answer to PCR_Read
    private const int MaxIndexRead = 512; // bytes at a time: every TPM takes as many

    // TPMA_NV, part 2 §13.4.
    private const uint IndexReadByOwner = 0x20000;
    private const uint IndexReadByItself = 0x40000;
    private const uint IndexWritten = 0x20000000;

    internal static TpmChip Open(TpmAddress address) => new(TpmConnection.Open(address));

    /// <returns>Null when nothing is at the handle.</returns>
    internal TpmPublic? TryReadPublic(uint handle)
    {
        try
        {
            var command = new TpmCommand(TpmCommandCode.ReadPublic, handle);
            var answer = Run(command);
            return TpmPublic.Read(answer.Sized(), command.Code);
        }
        catch (TpmError error) when (error.IsNoSuchHandle)
        {
            return null;
        }
    }

    /// <returns>A transient handle, and the key.</returns>
    internal (uint Handle, TpmPublic Key) CreatePrimary(uint hierarchy, ReadOnlySpan<byte> template)
    {
        // No password and no data; nothing from outside; no PCRs.
        var command = new TpmCommand(TpmCommandCode.CreatePrimary, hierarchy).WithPassword().Sized([0, 0, 0, 0]).Sized(template).Sized([]).UInt32(0);
        var answer = Run(command);
        var handle = answer.UInt32();
        answer.UInt32();
        return (handle, TpmPublic.Read(answer.Sized(), command.Code));
    }

    /// <summary>Keeps a transient key at a persistent handle, or with the persistent handle for both gives that free.</summary>
    internal void EvictControl(uint key, uint persistent) => Run(new TpmCommand(TpmCommandCode.EvictControl, Owner, key).WithPassword().UInt32(persistent));

    internal void Flush(uint handle) => Run(new TpmCommand(TpmCommandCode.FlushContext, handle));

    /// <summary>A session that satisfies PolicySecret of the endorsement hierarchy.</summary>
    internal uint StartEndorsementPolicy(ushort hash)
    {
        var command = new TpmCommand(TpmCommandCode.StartAuthSession, NoHandle, NoHandle).Sized(RandomNumberGenerator.GetBytes(NonceBytes)).Sized([]).Byte(PolicySession).UInt16(Null).UInt16(hash);
        var answer = Run(command);
        var session = answer.UInt32();
        try
        {
            Run(new TpmCommand(TpmCommandCode.PolicySecret, Endorsement, session).WithPassword().Sized([]).Sized([]).Sized([]).UInt32(0));
            return session;
        }
        catch (TpmError)
        {
            Flush(session);
            throw;
        }
    }

    /// <param name="name">Key that the credential is bound to.</param>
    /// <param name="key">Key that opens it.</param>
    /// <param name="policy">Session for <paramref name="key"/>; null for the empty password.</param>
    /// <param name="credential">TPM2B_ID_OBJECT without its size.</param>
    /// <param name="secret">TPM2B_ENCRYPTED_SECRET without its size.</param>
    internal byte[] ActivateCredential(uint name, uint key, uint? policy, ReadOnlySpan<byte> credential, ReadOnlySpan<byte> secret)
    {
        var command = new TpmCommand(TpmCommandCode.ActivateCredential, name, key).WithPassword();
        command = policy is { } session ? command.WithPolicy(session) : command.WithPassword();
        var answer = Run(command.Sized(credential).Sized(secret));
        answer.UInt32();
        return answer.Sized();
    }

    /// <returns>TPM2B_PRIVATE without its size.</returns>
    internal byte[] Import(uint parent, ReadOnlySpan<byte> innerKey, ReadOnlySpan<byte> area, ReadOnlySpan<byte> duplicate, ReadOnlySpan<byte> secret)
    {
        // The SDKs import with AES-128, whatever the parent uses.
        var command = new TpmCommand(TpmCommandCode.Import, parent).WithPassword().Sized(innerKey).Sized(area).Sized(duplicate).Sized(secret).UInt16(AesCipher).UInt16(128).UInt16(Cfb);
        var answer = Run(command);
        answer.UInt32();
        return answer.Sized();
    }

    /// <returns>A transient handle.</returns>
    internal uint Load(uint parent, ReadOnlySpan<byte> inner, ReadOnlySpan<byte> area)
    {
        var answer = Run(new TpmCommand(TpmCommandCode.Load, parent).WithPassword().Sized(inner).Sized(area));
        return answer.UInt32();
    }

    /// <summary>HMAC-SHA-256 of at most 1,024 bytes.</summary>
    internal byte[] Hmac(uint key, ReadOnlySpan<byte> message)
    {
        var answer = Run(new TpmCommand(TpmCommandCode.HMAC, key).WithPassword().Sized(message).UInt16(Sha256));
        answer.UInt32();
        return answer.Sized();
    }

    /// <summary>What the TPM says of its registers, signed, with the nonce in it.</summary>
    /// <param name="key">An attestation key.</param>
    /// <param name="nonce">At most as long as a digest.</param>
    /// <param name="selection">TPML_PCR_SELECTION.</param>
    /// <returns>TPMS_ATTEST, and TPMT_SIGNATURE.</returns>
    internal (byte[] Quoted, byte[] Signature) Quote(uint key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> selection)
    {
        var answer = Run(new TpmCommand(TpmCommandCode.Quote, key).WithPassword().Sized(nonce).UInt16(Null).Raw(selection));
        var size = answer.UInt32();
        var quoted = answer.Sized();
        return (quoted, answer.Take((int)Math.Min(size - sizeof(ushort) - (uint)quoted.Length, int.MaxValue)).ToArray());
    }

    /// <returns>The values of as many of the selected registers as fit into an answer, from the lowest on; none of a bank that is switched off.</returns>
    internal IReadOnlyList<byte[]> ReadRegisters(ReadOnlySpan<byte> selection)
    {
        var answer = Run(new TpmCommand(TpmCommandCode.PCR_Read).Raw(selection));
        answer.UInt32(); // how often registers have changed
        for (var banks = Math.Min(answer.UInt32(), MaxValues); banks > 0; banks--)
        {
            answer.UInt16();
            answer.Take(answer.Take(1)[0]);
        }

        var values = new byte[Math.Min(answer.UInt32(), MaxValues)][];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = answer.Sized();
        }

        return values;
    }

    /// <returns>What the index holds; null when there is none, or when it cannot be read with an empty password.</returns>
    internal byte[]? TryReadIndex(uint index)
    {
        try
        {
            return ReadIndex(index);
        }
        catch (TpmError)
        {
            return null;
        }
    }

    public void Dispose() => connection.Dispose();

    private byte[]? ReadIndex(uint index)
    {
        // TPMS_NV_PUBLIC: index, name algorithm, attributes, policy, size.
        var area = new TpmAnswer(Run(new TpmCommand(TpmCommandCode.NV_ReadPublic, index)).Sized(), TpmCommandCode.NV_ReadPublic);
        area.UInt32();
        area.UInt16();
        var attributes = area.UInt32();
        area.Sized();
        var content = new byte[area.UInt16()];
        if ((attributes & IndexWritten) == 0 || (attributes & (IndexReadByItself | IndexReadByOwner)) == 0)
        {
            return null;
        }

        var password = (attributes & IndexReadByItself) != 0 ? index : Owner;
        for (var at = 0; at < content.Length; at += MaxIndexRead)
        {
            var wanted = Math.Min(content.Length - at, MaxIndexRead);
            var answer = Run(new TpmCommand(TpmCommandCode.NV_Read, password, index).WithPassword().UInt16((ushort)wanted).UInt16((ushort)at));
            answer.UInt32();
            var read = answer.Sized();
            read.AsSpan(0, Math.Min(read.Length, wanted)).CopyTo(content.AsSpan(at));
        }

        return content;
    }

    private TpmAnswer Run(TpmCommand command) => new(connection.Run(command), command.Code);
}
