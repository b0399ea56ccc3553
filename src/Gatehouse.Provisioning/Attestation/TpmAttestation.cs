using System.Security.Cryptography;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity;
using Gatehouse.Identity.SharedAccess;
using Gatehouse.Identity.Tpm;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>
/// Judges TPMs: who names the enrolled endorsement key gets a nonce that only that TPM can open, and proves itself by a token that is signed with it.
/// Cheap things first: nobody who names another key makes the server compute with one.
/// </summary>
/// <remarks>Source: Device Provisioning Service "TPM attestation" page. As there, the storage root key may be any: the nonce, and the key for the hub, are bound to the one that is shown.</remarks>
internal sealed class TpmAttestation(Database database, TpmNonces nonces, QuoteAttestation quotes, MakerCertificates makers, ShownStorageRoots roots, BlobSeats seats, LinkedRevocations revocations, IdentityOptions identity, ProvisioningMetrics metrics, TimeProvider time)
{
    /// <param name="proof">What was shown.</param>
    /// <param name="individual">The enrollment of its registration id.</param>
    /// <param name="groups">What the service knows beside it.</param>
    /// <param name="inTurn">Its record, where the proof is judged in its turn; else it is read when it is needed.</param>
    /// <param name="cancellationToken">Ends the reads.</param>
    internal async ValueTask<AttestationVerdict> JudgeAsync(DeviceProof proof, EnrollmentRow individual, GroupSet groups, RegistrationRow? inTurn, CancellationToken cancellationToken)
    {
        var enrolled = Convert.FromBase64String(individual.ReadProof().EndorsementKey!);
        if (proof.Tpm is { } shown && CheckEndorsement(shown.EndorsementKey, enrolled, individual) is { } refused)
        {
            return refused;
        }

        if (revocations.FindTpm(groups, enrolled) is { } revoked)
        {
            return new AttestationVerdict.Refused(RefusalReason.TpmRevoked, $"The TPM of the individual enrollment '{individual.Name}' is revoked: {revoked}.");
        }

        if (individual.PrimaryKey is null || !TpmPublicArea.TryParse(enrolled, out var endorsementKey, out _))
        {
            return new AttestationVerdict.Refused(RefusalReason.CredentialMissing, $"The individual enrollment '{individual.Name}' was made before TPMs could attest: write it again.");
        }

        var before = proof.IsInTurn ? inTurn : await database.ReadAsync((connection, token) => RegistrationRows.FindAsync(connection, proof.Instance.Name, individual.Id, token), cancellationToken);
        var subject = new TpmSubject(proof, individual, endorsementKey, before);
        return string.IsNullOrEmpty(proof.Token) ? await ChallengeAsync(subject, cancellationToken) : JudgeToken(subject);
    }

    private static AttestationVerdict.Refused? CheckEndorsement(string? text, byte[] enrolled, EnrollmentRow individual) =>
        Decode(text) is not { } shown ? new AttestationVerdict.Refused(RefusalReason.EndorsementKeyMismatch, $"The endorsement key that was shown is no base64 of at most {TpmPublicArea.MaxBytes} bytes.")
        : !shown.AsSpan().SequenceEqual(enrolled) ? new AttestationVerdict.Refused(
            RefusalReason.EndorsementKeyMismatch,
            $"The endorsement key that was shown ({Name(shown)}) is not that of the individual enrollment '{individual.Name}' ({Name(enrolled)}): another TPM, or a new one whose key the enrollment does not have yet.")
        : null;

    private async ValueTask<AttestationVerdict> ChallengeAsync(TpmSubject subject, CancellationToken cancellationToken)
    {
        var individual = subject.Enrollment;
        if (subject.Proof.Tpm is not { } shown)
        {
            return new AttestationVerdict.Refused(RefusalReason.CredentialMissing, "Neither a SAS token nor the keys of a TPM were presented.");
        }

        if (individual.IsDisabled != 0)
        {
            // Not as DisabledBy: nothing is proved yet.
            return new AttestationVerdict.Refused(RefusalReason.IdentityDisabled, $"The individual enrollment '{individual.Name}' is disabled; its TPM was not challenged.");
        }

        if (subject is { Policy: not null, Proof.CanQuote: false })
        {
            return QuoteAttestation.QuoteNeedsHttps(subject);
        }

        if (Decode(shown.StorageRootKey) is not { } bytes)
        {
            return Refused($"it is no base64 of at most {TpmPublicArea.MaxBytes} bytes");
        }

        var made = await seats.RunAsync(() => Make(subject, bytes, nonces.Newest(subject)), cancellationToken);
        switch (made)
        {
            case null:
                return new AttestationVerdict.Refused(RefusalReason.Throttled, "Too many TPMs are being challenged.") { Error = ProvisioningErrors.TooManyRequests };
            case AttestationVerdict.Challenged:
                roots.Keep(subject.Proof.Instance.Name, individual.Id, bytes);
                metrics.Challenged();
                return made;
            default:
                return made;
        }
    }

    private AttestationVerdict Make(TpmSubject subject, byte[] storageRoot, NonceName name)
    {
        if (!TpmPublicArea.TryParse(storageRoot, out var storageRootKey, out var fault))
        {
            return Refused(fault);
        }

        Span<byte> nonce = stackalloc byte[TpmNonces.Bytes];
        if (!nonces.TryDerive(subject, name, storageRoot, nonce))
        {
            return Unopened(subject.Enrollment);
        }

        var blob = ActivationBlob.Make(subject.EndorsementKey, storageRootKey, nonce);
        CryptographicOperations.ZeroMemory(nonce);
        return subject.Policy is null ? new AttestationVerdict.Challenged(blob) : quotes.Ask(subject, name, blob) ?? Unopened(subject.Enrollment);
    }

    private AttestationVerdict JudgeToken(TpmSubject subject)
    {
        var (proof, individual) = (subject.Proof, subject.Enrollment);
        if (!RegistrationToken.TryParse(proof.Token!, identity, out var token, out var fault))
        {
            return new AttestationVerdict.Refused(RefusalReason.TokenMalformed, $"The SAS token cannot be read: {fault}.");
        }

        // Who asks about a registration signs as it did when it registered.
        if (!proof.IsRegistering && subject.Before?.ReadEvidence().Tpm is { } known && NonceOf(known.Nonce) is { } used
            && Signs(subject, used, Convert.FromBase64String(known.StorageRootKey), token))
        {
            return TokenTerms.Check(proof, individual, token, identity, time.GetUtcNow()) is { } wrong ? wrong : new AttestationVerdict.Accepted(individual, new Evidence());
        }

        var storageRoot = proof.Tpm is { } shown ? Decode(shown.StorageRootKey) : roots.Find(proof.Instance.Name, individual.Id) ?? Decode(individual.ReadProof().StorageRootKey);
        if (storageRoot is null)
        {
            return Refused("none was presented");
        }

        foreach (var name in nonces.Good(subject))
        {
            if (Signs(subject, name, storageRoot, token))
            {
                var verdict = Accept(subject, token, storageRoot, name);
                return verdict is AttestationVerdict.Accepted accepted && proof.IsRegistering ? JudgeMore(subject, name, accepted) : verdict;
            }
        }

        return new AttestationVerdict.Refused(
            RefusalReason.TokenSignatureWrong,
            $"The token is not signed with a nonce that is good for the individual enrollment '{individual.Name}': the nonce has ended, was used, or was given for another storage root key than {Name(storageRoot)}.");
    }

    // What may be wanted beyond the key: who made the TPM, and what its device has booted.
    private AttestationVerdict JudgeMore(TpmSubject subject, NonceName name, AttestationVerdict.Accepted accepted) =>
        makers.Check(subject) is { } unknown ? unknown
        : subject.Policy is null ? accepted
        : quotes.Judge(subject, name, accepted);

    private AttestationVerdict Accept(TpmSubject subject, RegistrationToken token, byte[] storageRoot, NonceName name)
    {
        if (TokenTerms.Check(subject.Proof, subject.Enrollment, token, identity, time.GetUtcNow()) is { } wrong)
        {
            return wrong;
        }

        return TpmPublicArea.TryParse(storageRoot, out var storageRootKey, out var fault)
            ? new AttestationVerdict.Accepted(subject.Enrollment, new Evidence { Tpm = new AttestedTpm(Convert.ToBase64String(storageRoot), name.ToString()) })
            {
                Tpm = new ProvedTpm(subject.EndorsementKey, storageRootKey, name),
            }
            : Refused(fault);
    }

    private bool Signs(TpmSubject subject, NonceName name, byte[] storageRoot, RegistrationToken token)
    {
        Span<byte> nonce = stackalloc byte[TpmNonces.Bytes];
        var signs = nonces.TryDerive(subject, name, storageRoot, nonce) && token.SignedWith(nonce);
        CryptographicOperations.ZeroMemory(nonce);
        return signs;
    }

    private static NonceName? NonceOf(string text) =>
        text.Split(' ') is [var period, var after] && long.TryParse(period, System.Globalization.CultureInfo.InvariantCulture, out var number) ? new NonceName(number, after) : null;

    private static byte[]? Decode(string? base64)
    {
        Span<byte> bytes = stackalloc byte[TpmPublicArea.MaxBytes];
        return !string.IsNullOrEmpty(base64) && Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length].ToArray() : null;
    }

    private static string Name(byte[] key) => $"SHA-256 {Convert.ToHexString(SHA256.HashData(key))}";

    private static AttestationVerdict.Refused Refused(string fault) => new(RefusalReason.StorageRootKeyInvalid, $"The storage root key cannot be used: {fault}.");

    private static AttestationVerdict.Refused Unopened(EnrollmentRow individual) =>
        new(RefusalReason.CredentialMissing, $"The secret of the individual enrollment '{individual.Name}' does not open: see the server's log.");
}
