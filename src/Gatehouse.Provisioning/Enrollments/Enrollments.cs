using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>Individual enrollments and enrollment groups. Each write is one transaction with its audit record.</summary>
internal sealed class Enrollments(Database database, SecretVault vault, ProvisioningDirectory directory, EnrollmentRules rules, EnrollmentWriter writer)
{
    /// <summary>EnrollmentNotFound.</summary>
    internal async Task<Result<EnrollmentDocument>> GetAsync(HubName service, EnrollmentKey key, CancellationToken cancellationToken) =>
        await database.ReadAsync<Result<EnrollmentDocument>>(
            async (connection, token) =>
            {
                if (await EnrollmentRows.FindAsync(connection, service, key, token) is not { } row)
                {
                    return ProvisioningErrors.EnrollmentNotFound;
                }

                var registration = key.Kind == EnrollmentKind.Individual ? await RegistrationRows.FindAsync(connection, service, key.Id, token) : null;
                return EnrollmentViews.Show(row, registration, PolicyOf(service));
            },
            cancellationToken);

    /// <summary>Everything by which the devices attest, keys included. EnrollmentNotFound.</summary>
    internal async Task<Result<AttestationDocument>> GetAttestationAsync(HubName service, EnrollmentKey key, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, token) => EnrollmentRows.FindAsync(connection, service, key, token), cancellationToken);
        return row is null ? ProvisioningErrors.EnrollmentNotFound : AttestationViews.Show(row, vault);
    }

    /// <summary>Creates without If-Match, changes with it. ArgumentInvalid, EnrollmentExists, EnrollmentNotFound, PreconditionFailed, EnrollmentConflict, TooManyEnrollments.</summary>
    internal async Task<Result<EnrollmentDocument>> PutAsync(HubName service, string actor, EnrollmentKey key, string name, EnrollmentDocument document, string? etag, CancellationToken cancellationToken)
    {
        var input = rules.Read(key.Kind, name, document, await LinkedAsync(service, cancellationToken));
        if (!input.IsOk)
        {
            return input.Error;
        }

        var written = await WriteAsync(
            service,
            (transaction, instance, token) => writer.PutAsync(transaction, instance, actor, input.Value, etag is null ? WriteMode.Create : WriteMode.Update, etag, token),
            cancellationToken);
        return written.IsOk ? EnrollmentViews.Show(written.Value, null, PolicyOf(service), vault) : written.Error;
    }

    /// <summary>EnrollmentNotFound, PreconditionFailed. What was registered stays.</summary>
    internal Task<Result<EnrollmentRow>> DeleteAsync(HubName service, string actor, EnrollmentKey key, string? etag, CancellationToken cancellationToken) =>
        WriteAsync(service, (transaction, instance, token) => EnrollmentWriter.DeleteAsync(transaction, instance, actor, key, etag, token), cancellationToken);

    /// <summary>Does each item that can be done, in one transaction; returns what could not.</summary>
    internal async Task<Result<IReadOnlyList<BulkError>>> RunBulkAsync(HubName service, string actor, EnrollmentKind kind, BulkMode mode, IReadOnlyList<EnrollmentDocument> items, CancellationToken cancellationToken)
    {
        var linked = await LinkedAsync(service, cancellationToken);
        return await WriteAsync<IReadOnlyList<BulkError>>(
            service,
            async (transaction, instance, token) =>
            {
                var errors = new List<BulkError>();
                foreach (var item in items)
                {
                    if (await RunAsync(transaction, instance, actor, kind, mode, item, linked, token) is { } error)
                    {
                        errors.Add(new BulkError(kind == EnrollmentKind.Individual ? item.RegistrationId : item.EnrollmentGroupId, error));
                    }
                }

                return errors;
            },
            cancellationToken);
    }

    private async Task<HubError?> RunAsync(
        WriteTransaction transaction, ProvisioningInstance instance, string actor, EnrollmentKind kind, BulkMode mode, EnrollmentDocument item, IReadOnlyList<LinkedHub> linked, CancellationToken cancellationToken)
    {
        var etag = EntityTag.Read(item.Etag);
        if (!etag.IsOk || (mode == BulkMode.UpdateIfMatchETag && etag.Value is null))
        {
            return etag.Error ?? ProvisioningErrors.ArgumentInvalid.With("The etag is missing.");
        }

        if (mode == BulkMode.Delete)
        {
            var id = kind == EnrollmentKind.Individual ? item.RegistrationId : item.EnrollmentGroupId;
            return EnrollmentKey.IsValid(id)
                ? (await EnrollmentWriter.DeleteAsync(transaction, instance, actor, EnrollmentKey.Of(kind, id!), null, cancellationToken)).Error
                : ProvisioningErrors.ArgumentInvalid.With($"The id must have {EnrollmentKey.Rule}.");
        }

        var input = rules.Read(kind, null, item, linked);
        return input.IsOk
            ? (await writer.PutAsync(transaction, instance, actor, input.Value, mode == BulkMode.Create ? WriteMode.Create : WriteMode.Update, mode == BulkMode.UpdateIfMatchETag ? etag.Value : null, cancellationToken)).Error
            : input.Error;
    }

    private Task<Result<T>> WriteAsync<T>(HubName service, Func<WriteTransaction, ProvisioningInstance, CancellationToken, Task<Result<T>>> write, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (transaction, token) => await InstanceRows.LockAsync(transaction, database.Dialect, service, token) is { } instance
                ? await write(transaction, instance, token)
                : ProvisioningErrors.NotFound,
            cancellationToken);

    private string PolicyOf(HubName service) => directory.All.FirstOrDefault(each => each.Name == service)?.AllocationPolicy ?? AllocationPolicies.Hashed;

    private Task<IReadOnlyList<LinkedHub>> LinkedAsync(HubName service, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => LinkedHubRows.ReadAllAsync(connection, service, token), cancellationToken);
}

/// <summary>Wire words of <c>mode</c>; read in any case, as Node writes <c>updateIfMatchEtag</c>.</summary>
internal enum BulkMode
{
    Create,
    Update,
    UpdateIfMatchETag,
    Delete,
}

/// <param name="Id">As the item names itself.</param>
/// <param name="Error">Why it was not done.</param>
internal sealed record BulkError(string? Id, HubError Error);
