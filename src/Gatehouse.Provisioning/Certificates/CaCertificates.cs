using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Identity.X509;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Certificates;

/// <summary>The CA certificates of a provisioning service, and the proof that whoever uploaded one holds its private key. Groups name them; only verified ones recognise devices.</summary>
/// <remarks>Source: Device Provisioning Service "Verify X.509 CA certificates" page. Each change is one transaction with its audit record, under the service's lock.</remarks>
internal sealed class CaCertificates(Database database, ProvisioningOptions options, TimeProvider time)
{
    private const int CodeBytes = 24;

    internal Task<IReadOnlyList<CaCertificateRow>> ListAsync(HubName service, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => CaCertificateRows.ListAsync(connection, service, token), cancellationToken);

    /// <summary>CertificateNotFound.</summary>
    internal async Task<Result<CaCertificateRow>> FindAsync(HubName service, string name, CancellationToken cancellationToken) =>
        await database.ReadAsync((connection, token) => CaCertificateRows.FindAsync(connection, service, name, token), cancellationToken) is { } row ? row : ProvisioningErrors.CertificateNotFound;

    /// <summary>Adds a certificate, or replaces one; a replaced one is unverified again. ArgumentInvalid, PreconditionFailed, CertificateConflict.</summary>
    internal async Task<Result<CaCertificateRow>> PutAsync(HubName service, string actor, string name, string? certificate, bool isVerified, string? etag, CancellationToken cancellationToken)
    {
        if (!EnrollmentKey.IsValid(name))
        {
            return Invalid($"The name of a certificate must have {EnrollmentKey.Rule}.");
        }

        var der = Read(certificate);
        if (!der.IsOk)
        {
            return der.Error;
        }

        if (!AuthorityCertificate.TryRead(der.Value, out var authority, out var fault))
        {
            return Invalid($"The certificate cannot sign for devices: {fault}.");
        }

        // One that begins tomorrow may be uploaded today; one that ended never works again.
        return authority.NotAfter < time.GetUtcNow() ? Invalid($"The certificate expired at {authority.NotAfter.UtcDateTime:u}.") : await WriteAsync(
            service,
            async (transaction, token) =>
            {
                var present = await CaCertificateRows.FindAsync(transaction.Connection, service, name, token, transaction.Transaction);
                if (present is null ? etag is not null : etag is null || !EntityTag.Fits(etag, present.Etag))
                {
                    return ProvisioningErrors.PreconditionFailed.With(present is null ? "The certificate does not exist." : "The certificate exists: send If-Match with its ETag.");
                }

                var all = await CaCertificateRows.ListAsync(transaction.Connection, service, token, transaction.Transaction);
                if (await FindOtherPlaceAsync(transaction, service, name, Convert.ToBase64String(der.Value), all, token) is { } taken)
                {
                    return taken;
                }

                if (present is null && all.Count >= options.MaxCertificates)
                {
                    return ProvisioningErrors.CertificateConflict.With($"The service has {options.MaxCertificates} CA certificates, the most it may have.");
                }

                var now = time.GetUtcNow().UtcTicks;
                var row = (present ?? new CaCertificateRow { Service = service.Value, Id = name.ToLowerInvariant(), Name = name, Created = now }) with
                {
                    Certificate = Convert.ToBase64String(der.Value),
                    IsVerified = isVerified ? 1 : 0,
                    VerificationCode = null,
                };
                return await SaveAsync(transaction, row, actor, present is null ? "create" : "update", isVerified ? "set on upload, without proof of possession" : null, token);
            },
            cancellationToken);
    }

    /// <summary>Gives out a code to be proved; the one before it no longer counts. CertificateNotFound, PreconditionFailed.</summary>
    internal Task<Result<CaCertificateRow>> GenerateCodeAsync(HubName service, string actor, string name, string? etag, CancellationToken cancellationToken) => ChangeAsync(
        service,
        name,
        etag,
        async (transaction, row, token) => await SaveAsync(transaction, row with { VerificationCode = Convert.ToHexString(RandomNumberGenerator.GetBytes(CodeBytes)) }, actor, "code", null, token),
        cancellationToken);

    /// <summary>Verified when the proof names the code that was given out and is signed by the certificate's key. ArgumentInvalid says what is wrong; CertificateNotFound, PreconditionFailed.</summary>
    internal Task<Result<CaCertificateRow>> VerifyAsync(HubName service, string actor, string name, string? proof, string? etag, CancellationToken cancellationToken) => ChangeAsync(
        service,
        name,
        etag,
        async (transaction, row, token) => ProofFault(row, proof) is { } refused
            ? refused
            : await SaveAsync(transaction, row with { VerificationCode = null, IsVerified = 1 }, actor, "verify", "proof of possession", token),
        cancellationToken);

    /// <summary>From now on nobody registers by it, also where a group names it: whose CA was stolen begins with this. CertificateNotFound, PreconditionFailed.</summary>
    /// <remarks>Source: Device Provisioning Service "Roll X.509 device certificates" page, compromised root certificates.</remarks>
    internal Task<Result<CaCertificateRow>> DeleteAsync(HubName service, string actor, string name, string? etag, CancellationToken cancellationToken) => ChangeAsync(
        service,
        name,
        etag,
        async (transaction, row, token) =>
        {
            await CaCertificateRows.DeleteAsync(transaction, row, token);
            return Record(transaction, row, actor, "delete", null);
        },
        cancellationToken);

    // One certificate under two names, or in a group of its own beside the one that names it: what disables one would not block the other.
    private static async Task<HubError?> FindOtherPlaceAsync(WriteTransaction transaction, HubName service, string name, string certificate, IReadOnlyList<CaCertificateRow> all, CancellationToken cancellationToken)
    {
        if (all.FirstOrDefault(other => other.Certificate == certificate && !other.Id.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } same)
        {
            return ProvisioningErrors.CertificateConflict.With($"The certificate is there as '{same.Name}'.");
        }

        if (await EnrollmentRows.FindClaimAsync(transaction, service, default, [AttestationRules.AuthorityClaim(name)], cancellationToken) is not { } user)
        {
            return null;
        }

        return await EnrollmentRows.FindClaimAsync(transaction, service, new EnrollmentKey((EnrollmentKind)user.Kind, user.Id), [AttestationRules.CertificateClaim(certificate)], cancellationToken) is { } holder
            ? ProvisioningErrors.CertificateConflict.With($"The certificate belongs to the {(holder.Kind == 0 ? "individual enrollment" : "enrollment group")} '{holder.Id}', and the enrollment group '{user.Id}' names it.")
            : null;
    }

    private HubError? ProofFault(CaCertificateRow row, string? proof)
    {
        if (row.VerificationCode is not { } code)
        {
            return Invalid("There is no outstanding verification code: ask for one first (generateVerificationCode).");
        }

        var der = Read(proof);
        return !der.IsOk ? der.Error
            : !AuthorityCertificate.TryRead(Convert.FromBase64String(row.Certificate), out var authority, out var broken) ? Invalid($"The certificate cannot sign for devices: {broken}.")
            : authority.ProofFault(der.Value, code, time.GetUtcNow()) is { } fault ? Invalid($"The verification certificate is refused: {fault}.")
            : null;
    }

    private Result<byte[]> Read(string? text) =>
        string.IsNullOrWhiteSpace(text) ? Invalid("The certificate is missing.") : CertificateText.Read(text, options.MaxCertificateBytes);

    private Task<Result<CaCertificateRow>> ChangeAsync(
        HubName service, string name, string? etag, Func<WriteTransaction, CaCertificateRow, CancellationToken, Task<Result<CaCertificateRow>>> change, CancellationToken cancellationToken) => WriteAsync(
        service,
        async (transaction, token) =>
            await CaCertificateRows.FindAsync(transaction.Connection, service, name, token, transaction.Transaction) is not { } row ? ProvisioningErrors.CertificateNotFound
            : etag is null ? ProvisioningErrors.PreconditionFailed.With("Send If-Match with the certificate's ETag.")
            : !EntityTag.Fits(etag, row.Etag) ? ProvisioningErrors.PreconditionFailed
            : await change(transaction, row, token),
        cancellationToken);

    private Task<Result<CaCertificateRow>> WriteAsync(HubName service, Func<WriteTransaction, CancellationToken, Task<Result<CaCertificateRow>>> write, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (transaction, token) => await InstanceRows.LockAsync(transaction, database.Dialect, service, token) is null ? ProvisioningErrors.NotFound : await write(transaction, token),
            cancellationToken);

    private async Task<CaCertificateRow> SaveAsync(WriteTransaction transaction, CaCertificateRow row, string actor, string verb, string? verifiedBy, CancellationToken cancellationToken)
    {
        row = row with { Etag = EntityTag.New(), Changed = time.GetUtcNow().UtcTicks };
        await CaCertificateRows.SaveAsync(transaction, row, cancellationToken);
        return Record(transaction, row, actor, verb, verifiedBy);
    }

    private static CaCertificateRow Record(WriteTransaction transaction, CaCertificateRow row, string actor, string verb, string? verifiedBy)
    {
        var fingerprint = Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(row.Certificate)));
        var detail = new JsonObject { ["thumbprintSha256"] = fingerprint, ["isVerified"] = row.IsVerified != 0 };
        if (verifiedBy is not null)
        {
            detail["verifiedBy"] = verifiedBy;
        }

        transaction.Audit(new AuditRecord { Hub = row.Service, Actor = actor, Action = $"provisioningcertificate.{verb}", Subject = row.Name, Detail = detail.ToJsonString(), Fingerprint = fingerprint });
        transaction.Signal(new Signal(SignalSubjects.ProvisioningChanged, row.Service, row.Id));
        return row;
    }

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);
}
