using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Store;
using Gatehouse.Store.Certificates;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>The inventory of issued certificates, for back ends: all of them, those of a device or a policy, or those that end before a time.</summary>
internal sealed class IssuedCertificates(Database database, RevocationNotices.RevocationNotices notices, TimeProvider time)
{
    /// <summary>A page, and what the next one begins after; null when nothing follows. ArgumentInvalid.</summary>
    internal async Task<Result<(IReadOnlyList<IssuedCertificateDocument> Items, string? Last)>> ListAsync(
        HubName service, string? registrationId, string? policy, string? expiresBefore, string after, int count, CancellationToken cancellationToken)
    {
        var filter = Read(registrationId, policy, expiresBefore);
        if (!filter.IsOk)
        {
            return filter.Error;
        }

        if (InventoryPlace.Read(after) is not { } place)
        {
            return ProvisioningErrors.ArgumentInvalid.With("The header x-ms-continuation is not one that was given out.");
        }

        // One more than is shown tells whether there is a next page.
        var rows = await database.ReadAsync((connection, token) => IssuedCertificateRows.ListAsync(connection, service, filter.Value, place, count + 1, token), cancellationToken);
        var last = rows.Count <= count ? null : new InventoryPlace(filter.Value.ExpiresBefore is null ? rows[count - 1].Issued : rows[count - 1].NotAfter, rows[count - 1].Serial).ToString();
        var now = time.GetUtcNow();
        var untold = await notices.FindAsync(service, rows.Where(row => row.Revoked != 0).Select(row => row.Serial), cancellationToken);
        return ([.. rows.Take(count).Select(row => IssuedCertificateDocument.Of(row, now, untold[row.Serial]))], last);
    }

    /// <summary>For good, and told to the linked hubs: those of this server refuse it when this returns. What was revoked before stays as it was, and is told once more. ArgumentInvalid, NotFound.</summary>
    internal async Task<Result<IssuedCertificateDocument>> RevokeAsync(HubName service, string actor, string serialNumber, string? reason, CancellationToken cancellationToken)
    {
        var (serial, word, now) = (serialNumber.ToUpperInvariant(), reason ?? "unspecified", time.GetUtcNow());
        if (!RevocationReason.IsKnown(word))
        {
            return Invalid($"The reason must be {RevocationReason.Rule}.");
        }

        var revoked = await database.WriteAsync<IssuedCertificateRow>(
            async (transaction, token) =>
            {
                var isNew = await IssuedCertificateRows.RevokeAsync(transaction, service, serial, word, now.UtcTicks, token);
                if (await IssuedCertificateRows.FindAsync(transaction, service, serial, token) is not { } row)
                {
                    return ProvisioningErrors.NotFound.With("No certificate of this serial number is in the inventory.");
                }

                if (isNew)
                {
                    await KnownCertificateRows.RevokeAsync(transaction, service.Value, row.RegistrationId, row.Thumbprint, token);
                    var detail = new JsonObject { ["serial"] = row.Serial, ["thumbprintSha256"] = row.Thumbprint, ["policy"] = row.Policy, ["authoritySha256"] = row.Authority, ["reason"] = word };
                    transaction.Audit(new AuditRecord { Hub = service.Value, Actor = actor, Action = "certificate.revoke", Subject = row.RegistrationName, Detail = detail.ToJsonString(), Fingerprint = row.Thumbprint });
                }

                await notices.KeepAsync(transaction, row, actor, token);
                return row;
            },
            cancellationToken);
        if (!revoked.IsOk)
        {
            return revoked.Error;
        }

        await notices.TellAsync(service, serial, cancellationToken);
        var untold = await notices.FindAsync(service, [serial], cancellationToken);
        return IssuedCertificateDocument.Of(revoked.Value, now, untold[serial]);
    }

    // One at a time: each has an index of its own, and a page costs what is on it.
    private static Result<InventoryFilter> Read(string? registrationId, string? policy, string? expiresBefore)
    {
        var given = new[] { registrationId, policy, expiresBefore }.Count(each => each is not null);
        var ends = default(DateTimeOffset);
        return given > 1 ? Invalid("Ask by one of registrationId, credentialPolicyName and expiresBefore at a time.")
            : registrationId is not null && !EnrollmentKey.IsValid(registrationId) ? Invalid($"The registrationId must have {EnrollmentKey.Rule}.")
            : policy is not null && !EnrollmentKey.IsValid(policy) ? Invalid($"The credentialPolicyName must have {EnrollmentKey.Rule}.")
            : expiresBefore is not null && !DateTimeOffset.TryParse(expiresBefore, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out ends) ? Invalid("The time expiresBefore must be in ISO 8601, as in 2027-01-31T00:00:00Z.")
            : new InventoryFilter(registrationId?.ToLowerInvariant(), policy?.ToLowerInvariant(), expiresBefore is null ? null : ends.UtcTicks);
    }

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);
}
