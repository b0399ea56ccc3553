using System.Security.Cryptography;
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
internal sealed class CredentialPolicies(Database database, SecretVault vault, ProvisioningOptions options, TimeProvider time)
{
    private const int DefaultDays = 30;
    private const int MaxDays = 3650;

    internal Task<IReadOnlyList<CredentialPolicyRow>> ListAsync(HubName service, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => CredentialPolicyRows.ListAsync(connection, service, token), cancellationToken);

    /// <summary>CredentialPolicyNotFound.</summary>
    internal async Task<Result<CredentialPolicyRow>> FindAsync(HubName service, string name, CancellationToken cancellationToken) =>
        await database.ReadAsync((connection, token) => CredentialPolicyRows.FindAsync(connection, service, name, token), cancellationToken) is { } row ? row : ProvisioningErrors.CredentialPolicyNotFound;

    /// <summary>Adds a policy without If-Match, changes one with it. ArgumentInvalid, PreconditionFailed, CredentialPolicyConflict.</summary>
    internal async Task<Result<CredentialPolicyRow>> PutAsync(HubName service, string actor, string name, CredentialPolicyBody body, string? etag, CancellationToken cancellationToken)
    {
        if (Check(name, body, out var keyTypes) is { } wrong)
        {
            return wrong;
        }

        var brought = body.Certificate is null ? default(Result<IssuingAuthority>?) : IssuingAuthority.Read(body.Certificate, body.PrivateKey!, options.MaxCertificateBytes, time.GetUtcNow());
        if (brought is { IsOk: false } refused)
        {
            return refused.Error;
        }

        using var given = brought?.Value;
        return await WriteAsync(
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

                var row = present ?? New(service, name);
                using var made = given is null && (present is null || body.NewAuthority) ? IssuingAuthority.Make(row.Name, service.Value, time.GetUtcNow()) : null;
                row = WithAuthority(row, given ?? made) with
                {
                    Etag = EntityTag.New(),
                    ValidityDays = body.ValidityDays ?? (present?.ValidityDays ?? DefaultDays),
                    KeyTypes = keyTypes is not null ? string.Join('\n', keyTypes) : present?.KeyTypes ?? string.Join('\n', KeyTypes.Default),
                    Changed = time.GetUtcNow().UtcTicks,
                };
                await CredentialPolicyRows.SaveAsync(transaction, row, token);
                return Record(transaction, row, actor, present is null ? "create" : "update", given is not null ? "given" : made is not null ? "made" : "kept");
            },
            cancellationToken);
    }

    /// <summary>CredentialPolicyNotFound, PreconditionFailed, CredentialPolicyConflict while an enrollment names it. What was issued goes on until it ends.</summary>
    internal Task<Result<CredentialPolicyRow>> DeleteAsync(HubName service, string actor, string name, string? etag, CancellationToken cancellationToken) => WriteAsync(
        service,
        async (transaction, token) =>
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
            return Record(transaction, row, actor, "delete", null);
        },
        cancellationToken);

    private static HubError? Check(string name, CredentialPolicyBody body, out IReadOnlyList<string>? keyTypes)
    {
        keyTypes = body.KeyTypes is null ? null : KeyTypes.Read(body.KeyTypes);
        return !EnrollmentKey.IsValid(name) ? Invalid($"The name of a credential policy must have {EnrollmentKey.Rule}.")
            : body.ValidityDays is < 1 or > MaxDays ? Invalid($"The validityDays must be 1 to {MaxDays}.")
            : body.KeyTypes is not null && keyTypes is null ? Invalid($"The keyTypes must be some of {KeyTypes.Rule}.")
            : (body.Certificate is null) != (body.PrivateKey is null) ? Invalid("A CA is brought with both, certificate and privateKey; without them the service makes one.")
            : body.Certificate is not null && body.NewAuthority ? Invalid("Either bring a CA, or have the service make a new one (newAuthority).")
            : null;
    }

    private CredentialPolicyRow New(HubName service, string name) =>
        new() { Service = service.Value, Id = name.ToLowerInvariant(), Name = name, GenerationId = Guid.NewGuid().ToString("N"), Created = time.GetUtcNow().UtcTicks };

    private CredentialPolicyRow WithAuthority(CredentialPolicyRow row, IssuingAuthority? authority) => authority is null
        ? row
        : row with { Certificate = Convert.ToBase64String(authority.Certificate.RawDataMemory.Span), PrivateKey = authority.Seal(vault, row.Binding) };

    private Task<Result<CredentialPolicyRow>> WriteAsync(HubName service, Func<WriteTransaction, CancellationToken, Task<Result<CredentialPolicyRow>>> write, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (transaction, token) => await InstanceRows.LockAsync(transaction, database.Dialect, service, token) is null ? ProvisioningErrors.NotFound : await write(transaction, token),
            cancellationToken);

    private static CredentialPolicyRow Record(WriteTransaction transaction, CredentialPolicyRow row, string actor, string verb, string? authority)
    {
        var detail = new JsonObject
        {
            ["authoritySha256"] = Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(row.Certificate))),
            ["validityDays"] = row.ValidityDays,
            ["keyTypes"] = row.KeyTypes.Replace("\n", ", ", StringComparison.Ordinal),
        };
        if (authority is not null)
        {
            detail["authority"] = authority;
        }

        transaction.Audit(new AuditRecord { Hub = row.Service, Actor = actor, Action = $"credentialpolicy.{verb}", Subject = row.Name, Detail = detail.ToJsonString() });
        return row;
    }

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);
}
