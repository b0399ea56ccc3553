using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Identity.X509;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Store.Certificates;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>Judges a device's request for a certificate by the policy of its enrollment, and signs; then writes it into the inventory, in the transaction that makes it the device's.</summary>
internal sealed class CertificateIssuer(Database database, IssuingAuthorities authorities, PublishedAddresses addresses, CertificateInventory inventory, ProvisioningOptions options, TimeProvider time)
{
    /// <summary>Rows of the inventory that ended long ago and are forgotten with each one that is written.</summary>
    private const int SweptRows = 16;

    /// <summary>
    /// Nothing is written yet. ArgumentInvalid without a policy; CertificateRequestRefused says what is wrong with the request; CertificateIssuerEnded; TooManyRequests; IssuerUnavailable.
    /// </summary>
    /// <param name="service">Whose policy.</param>
    /// <param name="registrationId">As the device wrote it; the only name that it gets a certificate for.</param>
    /// <param name="enrollment">What let it in.</param>
    /// <param name="request">What it asks for.</param>
    /// <param name="cancellationToken">Ends the reads.</param>
    internal async Task<Result<IssuedCertificate>> IssueAsync(HubName service, string registrationId, EnrollmentRow enrollment, CertificateSigningRequest request, CancellationToken cancellationToken)
    {
        var (id, now) = (registrationId.ToLowerInvariant(), time.GetUtcNow());
        var (policy, current, recent) = await database.ReadAsync(
            async (connection, token) => (
                enrollment.CredentialPolicy.Length == 0 ? null : await CredentialPolicyRows.FindAsync(connection, service, enrollment.CredentialPolicy, token),
                await IssuedCertificateRows.FindCurrentAsync(connection, service, id, now, token),
                await IssuedCertificateRows.CountSinceAsync(connection, service, id, now - TimeSpan.FromHours(1), token)),
            cancellationToken);
        return policy is null ? ProvisioningErrors.ArgumentInvalid.With("The enrollment has no credential policy (credentialPolicyName): no certificate is issued by it (csr).")
            : Fault(policy, registrationId, request) is { } fault ? ProvisioningErrors.CertificateRequestRefused.With($"The CSR did not pass verification: {fault}.")
            : recent >= options.MaxCertificatesPerHour ? ProvisioningErrors.TooManyRequests.With($"The device was issued {recent} certificates within an hour, the most it may be.")
            : await authorities.UseAsync(policy, authority => Sign(authority, policy, registrationId, request, current, now), cancellationToken);
    }

    /// <summary>Whether a certificate is one that the device was issued and that has not ended.</summary>
    internal Task<bool> HasIssuedAsync(HubName service, string registrationId, string thumbprint, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => IssuedCertificateRows.IsIssuedAsync(connection, service, registrationId, thumbprint, time.GetUtcNow(), token), cancellationToken);

    /// <summary>The same, in the transaction that records what was issued for it: it may have been revoked meanwhile.</summary>
    internal Task<bool> HasIssuedAsync(WriteTransaction transaction, HubName service, string registrationId, string thumbprint, CancellationToken cancellationToken) =>
        IssuedCertificateRows.IsIssuedAsync(transaction.Connection, service, registrationId, thumbprint, time.GetUtcNow(), cancellationToken, transaction.Transaction);

    /// <summary>Makes it the device's newest: the inventory knows it before anybody else does.</summary>
    /// <param name="transaction">The transaction that makes it so.</param>
    /// <param name="service">Whose inventory.</param>
    /// <param name="registrationId">In lower case. What it had before is not its newest any more.</param>
    /// <param name="issued">Null: it was given other credentials.</param>
    /// <param name="actor">For the audit record.</param>
    /// <param name="cancellationToken">Of the transaction.</param>
    internal async Task RecordAsync(WriteTransaction transaction, HubName service, string registrationId, IssuedCertificate? issued, string actor, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await IssuedCertificateRows.SupersedeAsync(transaction, service.Value, registrationId, now.UtcTicks, cancellationToken);
        await KnownCertificateRows.RetireAsync(transaction, service.Value, registrationId, "", CertificateKinds.Issued, cancellationToken);
        if (issued is null)
        {
            return;
        }

        await IssuedCertificateRows.InsertAsync(transaction, issued.Row, cancellationToken);
        await inventory.RecordAsync(transaction, issued.Known, cancellationToken);
        await IssuedCertificateRows.SweepAsync(transaction, service.Value, (now - options.IssuedCertificateRetention).UtcTicks, SweptRows, cancellationToken);
        var detail = new JsonObject
        {
            ["subject"] = issued.Known.Subject,
            ["issuer"] = issued.Known.Issuer,
            ["serial"] = issued.Row.Serial,
            ["thumbprintSha256"] = issued.Row.Thumbprint,
            ["policy"] = issued.Row.Policy,
            ["authoritySha256"] = issued.Row.Authority,
            ["keyType"] = issued.Row.KeyType,
            ["notAfter"] = WireTime.Of(issued.Row.NotAfter),
        };
        transaction.Audit(new AuditRecord { Hub = service.Value, Actor = actor, Action = "certificate.issue", Subject = issued.Row.RegistrationName, Detail = detail.ToJsonString(), Fingerprint = issued.Row.Thumbprint });
    }

    private static string? Fault(CredentialPolicyRow policy, string registrationId, CertificateSigningRequest request) =>
        request.NameFault(registrationId)
        ?? (request.Key is { } key && !policy.PermittedKeyTypes.Contains(KeyTypes.Of(key.Kind))
            ? $"its key is {KeyTypes.Describe(key)}; the policy permits {string.Join(", ", policy.PermittedKeyTypes)}"
            : request.ProofFault());

    private Result<IssuedCertificate> Sign(IssuingAuthority authority, CredentialPolicyRow policy, string registrationId, CertificateSigningRequest request, IssuedCertificateRow? current, DateTimeOffset now)
    {
        if (now < authority.Certificate.NotBefore || now >= authority.Certificate.NotAfter)
        {
            return ProvisioningErrors.CertificateIssuerEnded.With($"The CA of the credential policy '{policy.Name}' is valid from {authority.Certificate.NotBefore.ToUniversalTime():u} to {authority.Certificate.NotAfter.ToUniversalTime():u}, not now.");
        }

        using var certificate = DeviceCertificate.Issue(authority, request, registrationId, TimeSpan.FromDays(policy.ValidityDays), now, addresses.Of(policy, authority.Certificate));
        var row = new IssuedCertificateRow
        {
            Service = policy.Service,
            Serial = certificate.SerialNumber,
            RegistrationId = registrationId.ToLowerInvariant(),
            RegistrationName = registrationId,
            Policy = policy.Name,
            PolicyId = policy.Id,
            Thumbprint = ThumbprintOf(certificate.RawDataMemory.Span),
            Authority = ThumbprintOf(authority.Certificate.RawDataMemory.Span),
            KeyType = KeyTypes.Describe(request.Key!.Value),
            NotBefore = certificate.NotBefore.ToUniversalTime().Ticks,
            NotAfter = certificate.NotAfter.ToUniversalTime().Ticks,
            Issued = now.UtcTicks,
        };
        var known = KnownCertificate.Read(certificate) with
        {
            Tenant = row.Service,
            Kind = CertificateKinds.Issued,
            Owner = row.RegistrationId,
            Authority = row.Authority,
            FirstSeen = row.Issued,
        };
        return new IssuedCertificate(row, [Convert.ToBase64String(certificate.RawDataMemory.Span), policy.Certificate], known, current?.Thumbprint);
    }

    private static string ThumbprintOf(ReadOnlySpan<byte> der) => Convert.ToHexString(SHA256.HashData(der));
}
