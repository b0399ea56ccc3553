using System.Buffers.Binary;

namespace Gatehouse.Identity.Tests.Tpm;

/// <summary>What the SDKs' TPM clients do with a TPM: its two keys, an activation blob, a signature.</summary>
internal sealed class TpmDevice(SoftwareTpm tpm)
{
    // Endorsement keys of the templates up to RSA 2048 and P-256 want a policy; the larger ones take an empty password too.
    private bool wantsPolicy;
    private string signs = "";

    /// <summary>TPM2B_PUBLIC of a new endorsement key.</summary>
    internal byte[] EndorsementKey { get; private set; } = [];

    /// <summary>TPM2B_PUBLIC of a new storage root key.</summary>
    internal byte[] StorageRootKey { get; private set; } = [];

    /// <summary>TPM2B_PUBLIC of a new attestation key.</summary>
    internal byte[] AttestationKey { get; private set; } = [];

    internal TpmDevice WithKeys(string endorsement = "rsa", string storage = "rsa2048:aes128cfb")
    {
        wantsPolicy = endorsement is "rsa" or "ecc";
        tpm.Run("tpm2_createek", "-c", "ek.ctx", "-G", endorsement, "-u", "ek.pub");
        tpm.Run("tpm2_createprimary", "-C", "o", "-G", storage, "-c", "srk.ctx", "-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt");
        tpm.Run("tpm2_readpublic", "-c", "srk.ctx", "-o", "srk.pub", "-f", "tss");
        (EndorsementKey, StorageRootKey) = (tpm.Read("ek.pub"), tpm.Read("srk.pub"));
        return this;
    }

    /// <summary>Takes the key that a blob holds; the step that the TPM refuses, or null.</summary>
    internal string? Activate(byte[] blob)
    {
        var parts = Split(blob);
        tpm.Write("credential", [0xBA, 0xDC, 0xC0, 0xDE, 0, 0, 0, 1, .. Join(parts[..2])]);
        if (!ActivateCredential("srk.ctx", "inner"))
        {
            return "activate";
        }

        tpm.Write("duplicate", Join(parts[2..3]));
        tpm.Write("seed", Join(parts[3..4]));
        tpm.Write("key.pub", Join(parts[4..5]));
        if (!tpm.TryRun("tpm2_import", "-C", "srk.ctx", "-i", "duplicate", "-s", "seed", "-u", "key.pub", "-k", "inner", "-r", "key.priv").IsDone)
        {
            return "import";
        }

        tpm.Run("tpm2_load", "-C", "srk.ctx", "-u", "key.pub", "-r", "key.priv", "-c", "key.ctx");
        return null;
    }

    private bool ActivateCredential(string context, string output)
    {
        string[] arguments = ["-c", context, "-C", "ek.ctx", "-i", "credential", "-o", output];
        if (!wantsPolicy)
        {
            return tpm.TryRun("tpm2_activatecredential", arguments).IsDone;
        }

        tpm.Run("tpm2_startauthsession", "--policy-session", "-S", "session");
        tpm.Run("tpm2_policysecret", "-S", "session", "-c", "e");
        var (isDone, _) = tpm.TryRun("tpm2_activatecredential", [.. arguments, "-P", "session:session"]);
        tpm.Run("tpm2_flushcontext", "session");
        return isDone;
    }

    /// <param name="algorithm"><c>rsa</c> or <c>ecc</c>.</param>
    /// <param name="scheme"><c>rsassa</c>, <c>rsapss</c> or <c>ecdsa</c>.</param>
    internal TpmDevice WithAttestationKey(string algorithm = "ecc", string scheme = "ecdsa")
    {
        tpm.Run("tpm2_createak", "-C", "ek.ctx", "-c", "ak.ctx", "-G", algorithm, "-g", "sha256", "-s", scheme, "-u", "ak.pub");
        (AttestationKey, signs) = (tpm.Read("ak.pub"), scheme);
        return this;
    }

    /// <summary>The secret that a credential holds; null when the TPM does not give it out.</summary>
    /// <param name="blob">TPM2B_ID_OBJECT.</param>
    /// <param name="secret">TPM2B_ENCRYPTED_SECRET.</param>
    internal byte[]? Open(byte[] blob, byte[] secret)
    {
        tpm.Write("credential", [0xBA, 0xDC, 0xC0, 0xDE, 0, 0, 0, 1, .. blob, .. secret]);
        return ActivateCredential("ak.ctx", "opened") ? tpm.Read("opened") : null;
    }

    /// <summary>What the TPM says of its registers (TPMS_ATTEST, TPMT_SIGNATURE), with their values.</summary>
    internal (byte[] Quoted, byte[] Signature, IReadOnlyDictionary<int, string> Values) Quote(byte[] nonce, string bank, params int[] registers)
    {
        var selection = $"{bank}:{string.Join(',', registers)}";
        tpm.Run("tpm2_quote", "-c", "ak.ctx", "-l", selection, "-q", Convert.ToHexStringLower(nonce), "-m", "quoted", "-s", "signature", "-g", "sha256", "--scheme", signs);
        return (tpm.Read("quoted"), tpm.Read("signature"), Registers(selection));
    }

    internal IReadOnlyDictionary<int, string> Registers(string selection) => tpm.Run("tpm2_pcrread", selection).Split('\n')
        .Select(line => line.Split(": 0x"))
        .Where(parts => parts.Length == 2)
        .ToDictionary(parts => int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), parts => parts[1].Trim().ToLowerInvariant());

    internal void Extend(int register, string text) =>
        tpm.Run("tpm2_pcrextend", $"{register}:sha256={Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))}");

    internal byte[] Sign(ReadOnlySpan<byte> message)
    {
        tpm.Write("message", message);
        tpm.Run("tpm2_hmac", "-c", "key.ctx", "-o", "mac", "message");
        return tpm.Read("mac");
    }

    internal static byte[][] Split(byte[] blob)
    {
        var parts = new List<byte[]>();
        for (var at = 0; at < blob.Length;)
        {
            var size = BinaryPrimitives.ReadUInt16BigEndian(blob.AsSpan(at));
            parts.Add(blob[(at + 2)..(at + 2 + size)]);
            at += 2 + size;
        }

        return [.. parts];
    }

    internal static byte[] Join(IEnumerable<byte[]> parts) => [.. parts.SelectMany(part => (byte[])[(byte)(part.Length >> 8), (byte)part.Length, .. part])];
}
