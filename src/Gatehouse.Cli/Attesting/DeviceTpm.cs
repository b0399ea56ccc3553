using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Tpm;
using static Gatehouse.Cli.Tpm.TpmNumbers;

namespace Gatehouse.Cli.Attesting;

/// <summary>A device's TPM as the device SDKs use it: endorsement key, storage root key and the key for the hub, each at its handle. None of their private parts ever leaves it.</summary>
/// <remarks>Source: handles and templates of the SDKs' TPM clients. Whatever lies at the first two handles is used as it is.</remarks>
internal sealed class DeviceTpm : IDisposable
{
    internal const uint HubKeyHandle = 0x81000100;

    private const uint EndorsementKeyHandle = 0x81010001;
    private const uint StorageRootKeyHandle = 0x81000001;
    private const int KeyEndBytes = 16;

    // Of the TCG EK Credential Profile: RSA 2048 and P-256 of the low range, then all of the high range.
    private static readonly uint[] CertificateIndexes = [0x01C00002, 0x01C0000A, 0x01C00012, 0x01C00014, 0x01C00016, 0x01C00018, 0x01C0001C, 0x01C0001E];

    private readonly TpmChip chip;
    private readonly TpmPublic endorsementKey;

    private DeviceTpm(TpmChip chip, TpmPublic endorsementKey, TpmPublic storageRootKey) => (this.chip, this.endorsementKey, StorageRootKey) = (chip, endorsementKey, storageRootKey.Bytes);

    /// <summary>TPM2B_PUBLIC.</summary>
    internal byte[] EndorsementKey => endorsementKey.Bytes;

    /// <summary>TPM2B_PUBLIC.</summary>
    internal byte[] StorageRootKey { get; }

    /// <summary>Whether the keys lie at their handles already.</summary>
    internal bool IsPrepared { get; private init; }

    /// <summary>What the SDKs take where none is given: SHA-256 of the endorsement key in base32, small letters, no filling.</summary>
    internal string RegistrationId => Base32(SHA256.HashData(EndorsementKey));

    /// <summary>What the maker keeps in the TPM of its endorsement key, DER; null when there is none of this key.</summary>
    internal byte[]? EndorsementCertificate() => CertificateIndexes.Select(chip.TryReadIndex).OfType<byte[]>().Select(CertificateOf).FirstOrDefault(found => found is not null);

    /// <summary>Reads the keys; those that are missing are made for a moment, and nothing in the TPM changes.</summary>
    internal static DeviceTpm Look(TpmAddress address, bool isElliptic) => Open(address, isElliptic, isKept: false);

    /// <summary>Reads the keys; those that are missing are made and stay at their handles.</summary>
    internal static DeviceTpm Prepare(TpmAddress address, bool isElliptic) => Open(address, isElliptic, isKept: true);

    /// <summary>A TPM whose key for the hub is there.</summary>
    internal static TpmChip WithHubKey(TpmAddress address)
    {
        var chip = TpmChip.Open(address);
        try
        {
            var found = chip.TryReadPublic(HubKeyHandle);
            return found is null ? throw new CliException($"the TPM has no key for a hub yet (handle {Text(HubKeyHandle)}). Register the device first: gatehouse attest tpm register")
                : !IsHubKey(found) ? throw new CliException($"the key at {Text(HubKeyHandle)} is not one for a hub: something else uses this handle.")
                : chip;
        }
        catch
        {
            chip.Dispose();
            throw;
        }
    }

    /// <summary>Whoever else uses the handle of the hub's key loses nothing unasked.</summary>
    internal void CheckHubKeyHandle(bool mayReplace)
    {
        if (!mayReplace && chip.TryReadPublic(HubKeyHandle) is { } found && !IsHubKey(found))
        {
            throw new CliException($"handle {Text(HubKeyHandle)} of the TPM holds something else than a key for a hub. It was left alone and nothing was registered: move it, or give it up with --replace.");
        }
    }

    /// <summary>Takes a key in for a moment, and signs with it.</summary>
    internal T With<T>(TpmBlob blob, Func<Func<byte[], byte[]>, T> use)
    {
        var key = Load(blob);
        try
        {
            return use(message => chip.Hmac(key, message));
        }
        finally
        {
            chip.Flush(key);
        }
    }

    /// <summary>Takes the key for the hub in, instead of the one before.</summary>
    internal void Keep(TpmBlob blob)
    {
        // The old one goes only when the new one is known to be good.
        var key = Load(blob);
        try
        {
            if (chip.TryReadPublic(HubKeyHandle) is not null)
            {
                chip.EvictControl(HubKeyHandle, HubKeyHandle);
            }

            chip.EvictControl(key, HubKeyHandle);
        }
        finally
        {
            chip.Flush(key);
        }
    }

    /// <summary>A key that signs what this TPM says; a TPM makes the same one each time.</summary>
    internal AttestationKey MakeAttestationKey(bool isElliptic)
    {
        // Of the endorsement hierarchy: quotes by keys of others hide how often the TPM was reset.
        var (handle, key) = chip.CreatePrimary(Endorsement, TpmTemplate.AttestationKey(isElliptic));
        return new AttestationKey(chip, handle, key.Bytes);
    }

    /// <summary>The <c>tpm.quote</c> that the service wants.</summary>
    internal JsonObject Quote(BootQuote asked, AttestationKey key) => asked.Answer(key, Activate(key.Handle, asked.Credential, asked.Secret));

    internal byte[] SignWithHubKey(byte[] message) => chip.Hmac(HubKeyHandle, message);

    public void Dispose() => chip.Dispose();

    internal static string Text(uint handle) => string.Create(CultureInfo.InvariantCulture, $"0x{handle:X8}");

    private static DeviceTpm Open(TpmAddress address, bool isElliptic, bool isKept)
    {
        var chip = TpmChip.Open(address);
        try
        {
            var (endorsementKey, hadEndorsementKey) = ReadOrMake(chip, EndorsementKeyHandle, Endorsement, TpmTemplate.EndorsementKey(isElliptic), isKept);
            var (storageRootKey, hadStorageRootKey) = ReadOrMake(chip, StorageRootKeyHandle, Owner, TpmTemplate.StorageRootKey(isElliptic), isKept);
            return new DeviceTpm(chip, endorsementKey, storageRootKey) { IsPrepared = isKept || (hadEndorsementKey && hadStorageRootKey) };
        }
        catch
        {
            chip.Dispose();
            throw;
        }
    }

    private static (TpmPublic Key, bool WasThere) ReadOrMake(TpmChip chip, uint handle, uint hierarchy, byte[] template, bool isKept)
    {
        if (chip.TryReadPublic(handle) is { } found)
        {
            return (found, true);
        }

        var (made, key) = chip.CreatePrimary(hierarchy, template);
        try
        {
            if (isKept)
            {
                chip.EvictControl(made, handle);
            }

            return (key, false);
        }
        finally
        {
            chip.Flush(made);
        }
    }

    // What a sniffer on the chip's wires sees, the inner key, opens nothing by itself: the key is wrapped for the storage root key too.
    private uint Load(TpmBlob blob)
    {
        var innerKey = Activate(StorageRootKeyHandle, blob.Credential, blob.CredentialSecret);
        var inner = chip.Import(StorageRootKeyHandle, innerKey, blob.Area, blob.Duplicate, blob.DuplicateSecret);
        CryptographicOperations.ZeroMemory(innerKey);
        return chip.Load(StorageRootKeyHandle, inner, blob.Area);
    }

    private byte[] Activate(uint name, byte[] credential, byte[] secret)
    {
        var policy = Policy();
        try
        {
            return chip.ActivateCredential(name, EndorsementKeyHandle, policy, credential, secret);
        }
        finally
        {
            if (policy is { } session)
            {
                chip.Flush(session);
            }
        }
    }

    // A session for the policy that standard endorsement keys have; null for one that takes the empty password.
    private uint? Policy()
    {
        if (endorsementKey.Has(UserWithAuth))
        {
            return null;
        }

        return TpmTemplate.EndorsementPolicy(endorsementKey.NameAlgorithm) is { } policy && endorsementKey.Policy.AsSpan().SequenceEqual(policy)
            ? chip.StartEndorsementPolicy(endorsementKey.NameAlgorithm)
            : throw new CliException($"the endorsement key at {Text(EndorsementKeyHandle)} has a policy of its own that this command cannot satisfy; keys of the TCG's templates have PolicySecret of the endorsement hierarchy.");
    }

    // As a registration leaves it: an imported HMAC key. One that a TPM made itself belongs to somebody else.
    private static bool IsHubKey(TpmPublic key) =>
        key is { Type: KeyedHash, Scheme: Hmac } && key.Has(Sign) && !key.HasAny(Restricted | Decrypt | FixedTpm | SensitiveDataOrigin);

    // Makers fill the index up behind the certificate. There may be one for each key that the maker certified: the end of this one's area, of modulus or point, tells which is meant.
    private byte[]? CertificateOf(byte[] content)
    {
        try
        {
            AsnDecoder.ReadSequence(content, AsnEncodingRules.BER, out _, out _, out var length);
            using var certificate = X509CertificateLoader.LoadCertificate(content.AsSpan(0, length));
            return certificate.PublicKey.EncodedKeyValue.RawData.AsSpan().IndexOf(EndorsementKey.AsSpan(EndorsementKey.Length - KeyEndBytes)) >= 0 ? certificate.RawData : null;
        }
        catch (Exception error) when (error is AsnContentException or CryptographicException)
        {
            return null;
        }
    }

    // RFC 4648 §6.
    private static string Base32(ReadOnlySpan<byte> bytes)
    {
        const string Letters = "abcdefghijklmnopqrstuvwxyz234567";
        var text = new StringBuilder();
        var (held, bits) = (0, 0);
        foreach (var each in bytes)
        {
            (held, bits) = (((held << 8) | each) & 0xFFFF, bits + 8);
            for (; bits >= 5; bits -= 5)
            {
                text.Append(Letters[(held >> (bits - 5)) & 31]);
            }
        }

        return bits == 0 ? text.ToString() : text.Append(Letters[(held << (5 - bits)) & 31]).ToString();
    }
}
