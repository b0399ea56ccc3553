using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>The credential policies of a provisioning service: which CA issues certificates to devices that register, for how long and for which keys.</summary>
/// <remarks>
/// An own extension of the service API: there the policies belong to another product. A CA that takes another's place ends nothing: hubs know issued certificates by their thumbprints.
/// Each change is one transaction with its audit record, under the service's lock.
/// </remarks>
internal sealed class CredentialPolicies(Database database, SecretVault vault, IssuingAuthorities authorities, ProvisioningOptions options, TimeProvider time)
{
    private const string HsmOnlyRule = "The keys of this server stay in an HSM: make the CA's key there ('gatehouse key create --use signing') and name it (signingKey).";
    private const int DefaultDays = 30;
    private const int MaxDays = 3650;

    internal Task<IReadOnlyList<CredentialPolicyRow>> ListAsync(HubName service, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => CredentialPolicyRows.ListAsync(connection, service, token), cancellationToken);

    /// <summary>CredentialPolicyNotFound.</summary>
    internal async Task<Result<CredentialPolicyRow>> FindAsync(HubName service, string name, CancellationToken cancellationToken) =>
        await database.ReadAsync((connection, token) => CredentialPolicyRows.FindAsync(connection, service, name, token), cancellationToken) is { } row ? row : ProvisioningErrors.CredentialPolicyNotFound;

    /// <summary>Adds a policy without If-Match, changes one with it. ArgumentInvalid, PreconditionFailed, CredentialPolicyConflict, IssuerUnavailable.</summary>
    internal async Task<Result<CredentialPolicyRow>> PutAsync(HubName service, string actor, string name, CredentialPolicyBody body, string? etag, CancellationToken cancellationToken)
    {
        if (Check(name, body, out var keyTypes) is { } wrong)
        {
            return wrong;
        }

        // Before the transaction: a key store may take its time.
        var brought = await GivenAsync(service, name, body, cancellationToken);
        if (brought is { IsOk: false } refused)
        {
            return refused.Error;
        }

        using var given = brought?.Value;
        var saved = await WriteAsync(
            service,
            async (transaction, token) =>
            {
                var present = await CredentialPolicyRows.FindAsync(transaction.Connection, service, name, token, transaction.Transaction);
                if (present is null ? etag is not null : etag is null || !EntityTag.Fits(etag, present.Etag))
                {
                    return ProvisioningErrors.PreconditionFailed.With(present is null ? "The credential policy does not exist." : "The credential policy exists: send If-Match with its ETag.");
                }

                if (present is null && (await CredentialPolicyRows.ListAsync(transaction.Connection, service, token, transaction.Transaction)).Count >= options.MaxCredentialPolicies)
                {
                    return ProvisioningErrors.CredentialPolicyConflict.With($"The service has {options.MaxCredentialPolicies} credential policies, the most it may have.");
                }

                if (body.NewAuthority && present is { SigningKey.Length: > 0 })
                {
                    return Invalid("The key of the CA lies in a key store: name that of the new CA (signingKey), lest it leaves the key store.");
                }

                if (vault.Custody.IsHsmOnly && given is null && (present is null || body.NewAuthority))
                {
                    return Invalid(HsmOnlyRule);
                }

                var row = present ?? New(service, name);
                using var made = given is null && (present is null || body.NewAuthority) ? IssuingAuthority.Make(row.Name, service.Value, time.GetUtcNow()) : null;
                row = WithAuthority(row, given ?? made) with
                {
                    Etag = EntityTag.New(),
                    ValidityDays = body.ValidityDays ?? (present?.ValidityDays ?? DefaultDays),
                    KeyTypes = keyTypes is not null ? string.Join('\n', keyTypes) : present?.KeyTypes ?? string.Join('\n', KeyTypes.Default),
                    Changed = time.GetUtcNow().UtcTicks,
                };
                if (row.SigningKey.Length > 0 && !await CredentialPolicyRows.ClaimKeyAsync(transaction, row, token))
                {
                    return ProvisioningErrors.CredentialPolicyConflict.With("The key is the CA of another provisioning service.");
                }

                if (present is not null && present.Certificate != row.Certificate)
                {
                    await FormerAuthorityRows.KeepAsync(transaction, present, time.GetUtcNow(), token);
                }

                await CredentialPolicyRows.SaveAsync(transaction, row, token);
                await CredentialPolicyRows.ReleaseKeysAsync(transaction, row, token);
                return Record(transaction, row, actor, present is null ? "create" : "update", body.Certificate is not null ? "given" : given is not null || made is not null ? "made" : "kept");
            },
            cancellationToken);
        if (saved.IsOk)
        {
            authorities.Forget(saved.Value);
        }

        return saved;
    }

    /// <summary>CredentialPolicyNotFound, PreconditionFailed, CredentialPolicyConflict while an enrollment names it. What was issued goes on until it ends.</summary>
    internal async Task<Result<CredentialPolicyRow>> DeleteAsync(HubName service, string actor, string name, string? etag, CancellationToken cancellationToken)
    {
        var deleted = await WriteAsync(service, (transaction, token) => DeleteAsync(transaction, service, actor, name, etag, token), cancellationToken);
        if (deleted.IsOk)
        {
            authorities.Forget(deleted.Value);
        }

        return deleted;
    }

    private static async Task<Result<CredentialPolicyRow>> DeleteAsync(WriteTransaction transaction, HubName service, string actor, string name, string? etag, CancellationToken token)
    {
        if (await CredentialPolicyRows.FindAsync(transaction.Connection, service, name, token, transaction.Transaction) is not { } row)
        {
            return ProvisioningErrors.CredentialPolicyNotFound;
        }

        if (etag is null || !EntityTag.Fits(etag, row.Etag))
        {
            return etag is null ? ProvisioningErrors.PreconditionFailed.With("Send If-Match with the credential policy's ETag.") : ProvisioningErrors.PreconditionFailed;
        }

        if (await CredentialPolicyRows.FindUserAsync(transaction, row, token) is { } user)
        {
            return ProvisioningErrors.CredentialPolicyConflict.With($"The enrollment '{user}' names the credential policy.");
        }

        await CredentialPolicyRows.DeleteAsync(transaction, row, token);
        await CredentialPolicyRows.ReleaseKeysAsync(transaction, row, token);
        return Record(transaction, row, actor, "delete", null);
    }

    private HubError? Check(string name, CredentialPolicyBody body, out IReadOnlyList<string>? keyTypes)
    {
        keyTypes = body.KeyTypes is null ? null : KeyTypes.Read(body.KeyTypes);
        return !EnrollmentKey.IsValid(name) ? Invalid($"The name of a credential policy must have {EnrollmentKey.Rule}.")
            : body.ValidityDays is < 1 or > MaxDays ? Invalid($"The validityDays must be 1 to {MaxDays}.")
            : body.KeyTypes is not null && keyTypes is null ? Invalid($"The keyTypes must be some of {KeyTypes.Rule}.")
            : body.PrivateKey is not null && vault.Custody.IsHsmOnly ? Invalid(HsmOnlyRule)
            : body.PrivateKey is not null && (body.Certificate is null || body.SigningKey is not null) ? Invalid("A privateKey goes with its certificate, and without signingKey.")
            : body.Certificate is not null && body.PrivateKey is null && body.SigningKey is null ? Invalid("A CA is brought with its key: certificate with privateKey, or with signingKey for a key in a key store.")
            : (body.Certificate ?? body.SigningKey) is not null && body.NewAuthority ? Invalid("Either name a CA or its key, or have the service make a new one (newAuthority).")
            : body.SigningKey is not null && !KeyAddress.TryParse(body.SigningKey, out _) ? Invalid($"The signingKey must be {KeyAddress.Forms}.")
            : null;
    }

    /// <summary>The CA that the body names; null for none.</summary>
    private async Task<Result<IssuingAuthority>?> GivenAsync(HubName service, string name, CredentialPolicyBody body, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return !KeyAddress.TryParse(body.SigningKey, out var key)
            ? body.Certificate is null ? default(Result<IssuingAuthority>?) : IssuingAuthority.Read(body.Certificate, body.PrivateKey!, options.MaxCertificateBytes, now)
            : await authorities.MakeAsync(
                key,
                handle => body.Certificate is null ? IssuingAuthority.Make(name, service.Value, now, key, handle) : IssuingAuthority.Read(body.Certificate, key, handle, options.MaxCertificateBytes, now),
                cancellationToken);
    }

    private CredentialPolicyRow New(HubName service, string name) =>
        new() { Service = service.Value, Id = name.ToLowerInvariant(), Name = name, GenerationId = Guid.NewGuid().ToString("N"), Created = time.GetUtcNow().UtcTicks };

    private CredentialPolicyRow WithAuthority(CredentialPolicyRow row, IssuingAuthority? authority) => authority is null
        ? row
        : row with { Certificate = Convert.ToBase64String(authority.Certificate.RawDataMemory.Span), PrivateKey = authority.Seal(vault, row.Binding), SigningKey = authority.SigningKey?.ToString() ?? "" };

    private Task<Result<CredentialPolicyRow>> WriteAsync(HubName service, Func<WriteTransaction, CancellationToken, Task<Result<CredentialPolicyRow>>> write, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (transaction, token) => await InstanceRows.LockAsync(transaction, database.Dialect, service, token) is null ? ProvisioningErrors.NotFound : await write(transaction, token),
            cancellationToken);

    private static CredentialPolicyRow Record(WriteTransaction transaction, CredentialPolicyRow row, string actor, string verb, string? authority)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(row.Certificate));
        var fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        var detail = new JsonObject
        {
            ["subject"] = certificate.Subject,
            ["issuer"] = certificate.Issuer,
            ["serial"] = certificate.SerialNumber,
            ["notAfter"] = WireTime.Of(certificate.NotAfter.ToUniversalTime().Ticks),
            ["authoritySha256"] = fingerprint,
            ["validityDays"] = row.ValidityDays,
            ["keyTypes"] = row.KeyTypes.Replace("\n", ", ", StringComparison.Ordinal),
        };
        if (row.SigningKey.Length > 0)
        {
            detail["signingKey"] = row.SigningKey;
        }

        if (authority is not null)
        {
            detail["authority"] = authority;
        }

        transaction.Audit(new AuditRecord { Hub = row.Service, Actor = actor, Action = $"credentialpolicy.{verb}", Subject = row.Name, Detail = detail.ToJsonString(), Fingerprint = fingerprint });
        return row;
    }

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);
}
