using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Store;
using Gatehouse.Store.Certificates;

namespace Gatehouse.Provisioning.Registrations;

/// <summary>The records of registrations, for back ends.</summary>
internal sealed class RegistrationStates(Database database)
{
    /// <summary>RegistrationNotFound.</summary>
    internal async Task<Result<RegistrationDocument>> GetAsync(HubName service, string id, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, token) => RegistrationRows.FindAsync(connection, service, id.ToLowerInvariant(), token), cancellationToken);
        return row is null ? ProvisioningErrors.RegistrationNotFound : RegistrationDocument.Of(row);
    }

    /// <summary>Forgets a registration: the next one counts as the first. The device stays in its hub. RegistrationNotFound, PreconditionFailed.</summary>
    internal Task<Result<RegistrationRow>> DeleteAsync(HubName service, string actor, string id, string? etag, CancellationToken cancellationToken) =>
        database.WriteAsync<RegistrationRow>(
            async (transaction, token) =>
            {
                if (await RegistrationRows.FindAsync(transaction.Connection, service, id.ToLowerInvariant(), token, transaction.Transaction) is not { } row)
                {
                    return ProvisioningErrors.RegistrationNotFound;
                }

                if (!EntityTag.Fits(etag, row.Etag))
                {
                    return ProvisioningErrors.PreconditionFailed;
                }

                await RegistrationRows.DeleteAsync(transaction, row, token);
                await KnownCertificateRows.RetireAsync(transaction, service.Value, row.Id, null, null, token);
                transaction.Audit(new AuditRecord { Hub = service.Value, Actor = actor, Action = "registration.delete", Subject = row.Name });
                return row;
            },
            cancellationToken);
}
