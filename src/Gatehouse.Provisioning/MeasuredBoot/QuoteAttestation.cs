using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.Contracts.Audit;
using Gatehouse.Identity.Tpm;
using Gatehouse.Provisioning.Attestation;

namespace Gatehouse.Provisioning.MeasuredBoot;

/// <summary>Asks a TPM that an enrollment with a policy knows for a quote, and judges it once the TPM has proved itself. Nothing is kept of a challenge: nonce and credential follow from the nonce's name.</summary>
internal sealed class QuoteAttestation(TpmNonces nonces, TimeProvider time)
{
    /// <summary>Null when the secret of the enrollment does not open; Refused for an attestation key that cannot be one.</summary>
    internal AttestationVerdict? Ask(TpmSubject subject, NonceName name, byte[] blob)
    {
        var policy = subject.Policy!;
        Span<byte> nonce = stackalloc byte[TpmNonces.Bytes];
        if (!nonces.TryDeriveQuoteNonce(subject, name, nonce))
        {
            return null;
        }

        var asked = new QuoteChallenge(Convert.ToBase64String(nonce), policy.HashAlgorithm!, policy.Pcrs!);
        if (subject.Proof.Tpm?.AttestationKey is not { Length: > 0 } shown)
        {
            return new AttestationVerdict.Challenged(blob) { Quote = asked };
        }

        if (!TryReadKey(shown, out var key, out var fault))
        {
            return fault;
        }

        Span<byte> secret = stackalloc byte[SealedCredential.MaxBytes];
        if (!nonces.TryDeriveCredential(subject, name, key.Name.Span, secret))
        {
            return null;
        }

        var credential = SealedCredential.Make(subject.EndorsementKey, key.Name.Span, secret);
        CryptographicOperations.ZeroMemory(secret);
        return new AttestationVerdict.Challenged(blob)
        {
            Quote = asked with { CredentialBlob = Convert.ToBase64String(credential.Blob.Span), EncryptedSecret = Convert.ToBase64String(credential.Seed.Span) },
        };
    }

    /// <param name="subject">A TPM that has proved itself.</param>
    /// <param name="name">By which nonce.</param>
    /// <param name="accepted">What it proved.</param>
    internal AttestationVerdict Judge(TpmSubject subject, NonceName name, AttestationVerdict.Accepted accepted)
    {
        var policy = subject.Policy!;
        if (!subject.Proof.CanQuote)
        {
            return QuoteNeedsHttps(subject);
        }

        if (subject.Proof.Tpm is not { Quote: { } shown, AttestationKey: { Length: > 0 } area })
        {
            return Missing($"The enrollment '{subject.Enrollment.Name}' measures the boot, and the device sent no {(subject.Proof.Tpm?.Quote is null ? "tpm.quote" : "tpm.attestationKey")}: its client does not know measured boot, or keeps silent.");
        }

        if (!TryReadKey(area, out var key, out var fault))
        {
            return fault;
        }

        if (!HasOpened(subject, name, key, shown.Credential))
        {
            return Invalid("the attestation key does not live in the enrolled TPM, or the credential is that of another challenge");
        }

        if (!TryReadQuote(shown, key, out var quote, out var words))
        {
            return Invalid(words);
        }

        if (WrongQuestion(subject, name, quote) is { } another)
        {
            return Invalid(another);
        }

        if (shown.PcrValues is null || MeasuredBootRules.ReadValues(shown.PcrValues, policy.Pcrs!, policy.Bank) is not { } values)
        {
            return Invalid("the pcrValues are not those of the registers that were asked for");
        }

        // The signature is by SHA-256, and so is the digest of the registers, whatever their bank.
        var digest = SHA256.HashData([.. policy.Pcrs!.SelectMany(register => Convert.FromHexString(values[register.ToString(CultureInfo.InvariantCulture)]))]);
        return !CryptographicOperations.FixedTimeEquals(digest, quote.Digest.Span) ? Invalid("the pcrValues are not those that the TPM has signed")
            : Compare(policy, values) is { } changed ? new AttestationVerdict.Refused(
                RefusalReason.BootStateChanged,
                $"The TPM is the enrolled one, and its device has booted something else than the enrollment '{subject.Enrollment.Name}' wants: {changed.Detail}. It is in quarantine.")
            {
                Changed = changed,
            }
            : accepted with
            {
                Boot = new ProvedBoot(policy, subject.Before?.BootRound ?? "", values, new BootState
                {
                    Attested = time.GetUtcNow().UtcTicks,
                    AttestationKey = Convert.ToHexStringLower(key.Name.Span),
                    ResetCount = quote.ResetCount,
                    RestartCount = quote.RestartCount,
                }),
            };
    }

    internal static AttestationVerdict.Refused QuoteNeedsHttps(TpmSubject subject) =>
        Missing($"The enrollment '{subject.Enrollment.Name}' measures the boot, and a quote can be sent over HTTPS only: let the device register over HTTPS.");

    private static ChangedBoot? Compare(MeasuredBootPolicy policy, IReadOnlyDictionary<string, string> values)
    {
        var changed = policy.Values?.Where(each => values[each.Key] != each.Value).Select(each => new ChangedRegister(each.Key, each.Value, values[each.Key])).ToList();
        return changed is { Count: > 0 } ? new ChangedBoot(changed) : null;
    }

    private bool HasOpened(TpmSubject subject, NonceName name, TpmAttestationKey key, string? shown)
    {
        Span<byte> wanted = stackalloc byte[SealedCredential.MaxBytes];
        Span<byte> opened = stackalloc byte[SealedCredential.MaxBytes + 3];
        var has = !string.IsNullOrEmpty(shown) && Convert.TryFromBase64String(shown, opened, out var length)
            && nonces.TryDeriveCredential(subject, name, key.Name.Span, wanted)
            && CryptographicOperations.FixedTimeEquals(wanted, opened[..length]);
        CryptographicOperations.ZeroMemory(wanted);
        return has;
    }

    private static bool TryReadQuote(ShownQuote shown, TpmAttestationKey key, [NotNullWhen(true)] out TpmQuote? quote, out string words)
    {
        quote = null;
        words = "quoted or signature is missing, no base64 or too long";
        return Decode(shown.Quoted, TpmQuote.MaxBytes) is { } quoted && Decode(shown.Signature, TpmAttestationKey.MaxSignatureBytes) is { } signature
            && TpmQuote.TryParse(quoted, out quote, out words)
            && key.Verifies(quoted, signature, out words);
    }

    private string? WrongQuestion(TpmSubject subject, NonceName name, TpmQuote quote)
    {
        Span<byte> nonce = stackalloc byte[TpmNonces.Bytes];
        return !nonces.TryDeriveQuoteNonce(subject, name, nonce) || !CryptographicOperations.FixedTimeEquals(nonce, quote.ExtraData.Span) ? "it answers another nonce: an old quote, or one for somebody else"
            : quote.Bank != subject.Policy!.Bank.Algorithm || quote.Selection != subject.Policy.Selection ? "it is of other registers than were asked for"
            : null;
    }

    private static bool TryReadKey(string shown, [NotNullWhen(true)] out TpmAttestationKey? key, out AttestationVerdict.Refused fault)
    {
        var words = $"it is no base64 of at most {TpmAttestationKey.MaxBytes} bytes";
        key = null;
        var isRead = Decode(shown, TpmAttestationKey.MaxBytes) is { } bytes && TpmAttestationKey.TryParse(bytes, out key, out words);
        fault = new AttestationVerdict.Refused(RefusalReason.QuoteInvalid, $"The attestation key cannot be used: {words}.");
        return isRead;
    }

    private static byte[]? Decode(string? base64, int most)
    {
        if (string.IsNullOrEmpty(base64) || base64.Length > (most + 2) / 3 * 4)
        {
            return null;
        }

        var bytes = new byte[most + 2];
        return Convert.TryFromBase64String(base64, bytes, out var length) && length <= most ? bytes[..length] : null;
    }

    private static AttestationVerdict.Refused Missing(string detail) => new(RefusalReason.QuoteMissing, detail);

    private static AttestationVerdict.Refused Invalid(string fault) => new(RefusalReason.QuoteInvalid, $"The quote of the TPM is not good: {fault}.");
}
