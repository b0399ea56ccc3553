using System.Buffers.Binary;

namespace Gatehouse.Identity.Tests.Tpm;

/// <summary>What the SDKs' TPM clients do with a TPM: its two keys, an activation blob, a signature.</summary>
internal class TpmDevice(SoftwareTpm tpm)
{
    private string signs = "";

    protected SoftwareTpm Tpm => tpm;

    /// <summary>Whether its endorsement key does: those of the templates up to RSA 2048 and P-256; the larger ones take an empty password too.</summary>
    protected bool WantsPolicy { get; private set; }

    /// <summary>File with its endorsement key.</summary>
    protected string EndorsementContext { get; private set; } = "";

    /// <summary>File with its storage root key.</summary>
    protected string StorageRootContext { get; private set; } = "";

    /// <summary>TPM2B_PUBLIC of its endorsement key.</summary>
    internal byte[] EndorsementKey { get; private set; } = [];

    /// <summary>TPM2B_PUBLIC of its storage root key.</summary>
    internal byte[] StorageRootKey { get; private set; } = [];

    /// <summary>TPM2B_PUBLIC of a new attestation key.</summary>
    internal byte[] AttestationKey { get; private set; } = [];

    /// <remarks>A primary key follows from the TPM's seed and its template: it is made once, as that takes the TPM seconds for RSA.</remarks>
    internal TpmDevice WithKeys(string endorsement = "ecc", string storage = "ecc256:aes128cfb")
    {
        WantsPolicy = endorsement is "rsa" or "ecc";
        var (first, second) = ($"ek-{endorsement}", $"srk-{storage.Replace(':', '-')}");
        (EndorsementContext, StorageRootContext) = ($"{first}.ctx", $"{second}.ctx");
        if (!tpm.Has($"{first}.pub"))
        {
            tpm.Run("tpm2_createek", "-c", EndorsementContext, "-G", endorsement, "-u", $"{first}.pub");
        }

        if (!tpm.Has($"{second}.pub"))
        {
            tpm.Run("tpm2_createprimary", "-C", "o", "-G", storage, "-c", StorageRootContext, "-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt");
            tpm.Run("tpm2_readpublic", "-c", StorageRootContext, "-o", $"{second}.pub", "-f", "tss");
        }

        (EndorsementKey, StorageRootKey) = (tpm.Read($"{first}.pub"), tpm.Read($"{second}.pub"));
        return this;
    }

    /// <summary>Takes the key that a blob holds; the step that the TPM refuses, or null.</summary>
    internal virtual string? Activate(byte[] blob)
    {
        var parts = Split(blob);
        tpm.Write("credential", [0xBA, 0xDC, 0xC0, 0xDE, 0, 0, 0, 1, .. Join(parts[..2])]);
        if (!ActivateCredential(StorageRootContext, "inner"))
        {
            return "activate";
        }

        tpm.Write("duplicate", Join(parts[2..3]));
        tpm.Write("seed", Join(parts[3..4]));
        tpm.Write("key.pub", Join(parts[4..5]));
        if (!tpm.TryRun("tpm2_import", "-C", StorageRootContext, "-i", "duplicate", "-s", "seed", "-u", "key.pub", "-k", "inner", "-r", "key.priv").IsDone)
        {
            return "import";
        }

        tpm.Run("tpm2_load", "-C", StorageRootContext, "-u", "key.pub", "-r", "key.priv", "-c", "key.ctx");
        return null;
    }

    private bool ActivateCredential(string context, string output)
    {
        string[] arguments = ["-c", context, "-C", EndorsementContext, "-i", "credential", "-o", output];
        if (!WantsPolicy)
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
        tpm.Run("tpm2_createak", "-C", EndorsementContext, "-c", "ak.ctx", "-G", algorithm, "-g", "sha256", "-s", scheme, "-u", "ak.pub");
        (AttestationKey, signs) = (tpm.Read("ak.pub"), scheme);
        return this;
    }

    /// <summary>The secret that a credential holds; null when the TPM does not give it out.</summary>
    /// <param name="blob">TPM2B_ID_OBJECT.</param>
    /// <param name="secret">TPM2B_ENCRYPTED_SECRET.</param>
    internal virtual byte[]? Open(byte[] blob, byte[] secret)
    {
        tpm.Write("credential", [0xBA, 0xDC, 0xC0, 0xDE, 0, 0, 0, 1, .. blob, .. secret]);
        return ActivateCredential("ak.ctx", "opened") ? tpm.Read("opened") : null;
    }

    /// <summary>What the TPM says of its registers (TPMS_ATTEST, TPMT_SIGNATURE), with their values.</summary>
    internal virtual (byte[] Quoted, byte[] Signature, IReadOnlyDictionary<int, string> Values) Quote(byte[] nonce, string bank, params int[] registers)
    {
        var selection = $"{bank}:{string.Join(',', registers)}";
        tpm.Run("tpm2_quote", "-c", "ak.ctx", "-l", selection, "-q", Convert.ToHexStringLower(nonce), "-m", "quoted", "-s", "signature", "-g", "sha256", "--scheme", signs);
        return (tpm.Read("quoted"), tpm.Read("signature"), Registers(selection));
    }

    internal virtual IReadOnlyDictionary<int, string> Registers(string selection) => tpm.Run("tpm2_pcrread", selection).Split('\n')
        .Select(line => line.Split(": 0x"))
        .Where(parts => parts.Length == 2)
        .ToDictionary(parts => int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), parts => parts[1].Trim().ToLowerInvariant());

    internal virtual void Extend(int register, string text) =>
        tpm.Run("tpm2_pcrextend", $"{register}:sha256={Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))}");

    internal virtual void Reset(params int[] registers) => tpm.Run("tpm2_pcrreset", [.. registers.Select(register => register.ToString(System.Globalization.CultureInfo.InvariantCulture))]);

    internal virtual byte[] Sign(ReadOnlySpan<byte> message)
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
