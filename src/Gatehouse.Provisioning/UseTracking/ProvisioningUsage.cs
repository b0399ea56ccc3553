using System.Data.Common;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.AccessPolicies;
using Gatehouse.Provisioning.Certificates;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Store;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.UseTracking;

/// <summary>Who comes by which credential of a provisioning service.</summary>
/// <remarks>
/// A use belongs to the credential as it is now: of a key that was set anew there is none until somebody comes by it. Answers hold all that happened on this node; other nodes are up to five seconds behind.
/// </remarks>
internal sealed class ProvisioningUsage(Database database, ProvisioningUseWriter writer, KeyUsers keys, ProvisioningOptions options)
{
    // Of what a mark was read, four words of the totals of individual enrollments.
    private static readonly string[] IndividualSlots = [CredentialName.PrimaryKey, CredentialName.SecondaryKey, EnrollmentSlot.CertificatePrefix, EnrollmentSlot.EndorsementKey];

    /// <summary>Every credential of groups, used or not, what individual enrollments come by taken together, and the keys of policies; then TLS versions and software.</summary>
    /// <param name="service">Tenant.</param>
    /// <param name="since">Only uses at or after this time are counted.</param>
    /// <param name="withPolicies">Whether policies are told of.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    internal async Task<UseSummaryDocument> SummarizeAsync(HubName service, DateTimeOffset since, bool withPolicies, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        var ticks = since.UtcTicks;
        return await database.ReadAsync(
            async (connection, token) =>
            {
                var rows = await EnrollmentRows.ListAsync(connection, service, EnrollmentKind.Group, "", 2 * options.MaxGroups, token);
                var authorities = await CaCertificateRows.ListAsync(connection, service, token);
                var groups = rows.SelectMany(row => EnrollmentSlot.Of(row, authorities).Select(slot => KnownCredential.Of(row, slot)));
                var ofGroups = Count(groups, await ProvisioningUseRows.TotalAsync(connection, service, OwnerKind.Group, ticks, token));
                var individuals = await ProvisioningUseRows.TotalIndividualsAsync(connection, database.Dialect, service, ticks, token);
                var policies = withPolicies
                    ? Count((await PolicyRows.ReadAllAsync(connection, service, token)).SelectMany(KeysOf), await ProvisioningUseRows.TotalAsync(connection, service, OwnerKind.Policy, ticks, token))
                    : [];
                return new UseSummaryDocument(
                    [.. IndividualSlots.Select(slot => UseTotalDocument.OfIndividuals(slot, individuals.FirstOrDefault(each => slot.StartsWith(each.Credential, StringComparison.Ordinal)))), .. ofGroups, .. policies],
                    [.. (await ProvisioningUseRows.TraitsAsync(connection, service, "tls_version", ticks, token)).Select(TraitDocument.Of)],
                    [.. (await ProvisioningUseRows.TraitsAsync(connection, service, "software", ticks, token)).Select(TraitDocument.Of)]);
            },
            cancellationToken);
    }

    /// <summary>Who has used it since, in the order of registration ids; of symmetric keys also whose device uses its own key that comes from it, at its hub. EnrollmentNotFound, PolicyNotFound; ArgumentInvalid where there is no such credential.</summary>
    /// <param name="service">Tenant.</param>
    /// <param name="credential">What.</param>
    /// <param name="since">Only uses at or after this time.</param>
    /// <param name="after">Only what follows this registration id; empty for the first page.</param>
    /// <param name="max">At most so many; 1 or more.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    internal async Task<Result<UsersDocument>> FindAsync(HubName service, ProvisioningCredential credential, DateTimeOffset since, string after, int max, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        var found = await database.ReadAsync((connection, token) => ResolveAsync(connection, service, credential, token), cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        var known = found.Value;
        var (uses, total) = await database.ReadAsync(
            async (connection, token) => (
                await ProvisioningUseRows.FindAsync(connection, service, known, since.UtcTicks, after, max + 1, token),
                await ProvisioningUseRows.CountAsync(connection, service, known, since.UtcTicks, token)),
            cancellationToken);
        if (known.Kind != OwnerKind.Policy && ProvisioningCredential.IsKey(known.Slot.Name))
        {
            return await keys.FindAsync(service, known, total, since, after, max, cancellationToken);
        }

        return new UsersDocument
        {
            Credential = known.Text,
            Thumbprint = known.Slot.Thumbprint,
            Registrations = total.Registrations,
            LastUsed = UseTimes.Of(total.LastUsed),
            Value = [.. uses.Take(max).Select(static each => UseDocument.Of(each, null))],
            Next = uses.Count > max ? uses[max - 1].Registration : null,
        };
    }

    /// <summary>All that a device used of what its enrollments have now, the latest first; empty for one that was never seen.</summary>
    internal async Task<IReadOnlyList<UseDocument>> OfAsync(HubName service, string registrationId, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        return await database.ReadAsync(
            async (connection, token) =>
            {
                var present = new List<UseDocument>();
                var authorities = await CaCertificateRows.ListAsync(connection, service, token);
                foreach (var ofOwner in (await ProvisioningUseRows.OfRegistrationAsync(connection, service, registrationId.ToLowerInvariant(), token)).GroupBy(static each => (each.Kind, each.Owner)))
                {
                    if (await EnrollmentRows.FindAsync(connection, service, new EnrollmentKey((EnrollmentKind)ofOwner.Key.Kind, ofOwner.Key.Owner), token) is { } row)
                    {
                        var slots = EnrollmentSlot.Of(row, authorities).ToList();
                        present.AddRange(ofOwner
                            .Where(use => use.Generation == row.GenerationId)
                            .SelectMany(use => slots.Where(slot => slot.Credential == use.Credential && slot.Mark == use.Mark).Select(slot => UseDocument.Of(use, KnownCredential.Of(row, slot)))));
                    }
                }

                return (IReadOnlyList<UseDocument>)[.. present.OrderByDescending(static each => each.LastUsed, StringComparer.Ordinal)];
            },
            cancellationToken);
    }

    /// <summary>When it was last used at the service, UTC ticks; 0 for never, and where there is none.</summary>
    internal async Task<long> LastUsedAsync(HubName service, ProvisioningCredential credential, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        return await database.ReadAsync(
            async (connection, token) => await ResolveAsync(connection, service, credential, token) is { IsOk: true } known ? (await ProvisioningUseRows.CountAsync(connection, service, known.Value, 0, token)).LastUsed : 0,
            cancellationToken);
    }

    /// <summary>Use of both symmetric keys of an enrollment, at the service and, by what comes from them, at hubs.</summary>
    internal async Task<RotatedKeysUse> ReadKeysAsync(HubName service, EnrollmentKey key, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        if (await database.ReadAsync((connection, token) => EnrollmentRows.FindAsync(connection, service, key, token), cancellationToken) is not { Type: AttestationType.SymmetricKey } row)
        {
            return new RotatedKeysUse(new RotatedKeyUse(0, 0), new RotatedKeyUse(0, 0));
        }

        var known = EnrollmentSlot.Of(row, []).Select(slot => KnownCredential.Of(row, slot)).ToList();
        var (primary, secondary) = await database.ReadAsync(
            async (connection, token) => (
                await ProvisioningUseRows.CountAsync(connection, service, known[0], 0, token),
                await ProvisioningUseRows.CountAsync(connection, service, known[1], 0, token)),
            cancellationToken);
        var atHubs = await keys.ReadHubsAsync(service, row, cancellationToken);
        return new RotatedKeysUse(Later(atHubs.Primary, primary.LastUsed), Later(atHubs.Secondary, secondary.LastUsed));

        static RotatedKeyUse Later(RotatedKeyUse use, long other) => use with { LastUsed = Math.Max(use.LastUsed, other) };
    }

    private static async Task<Result<KnownCredential>> ResolveAsync(DbConnection connection, HubName service, ProvisioningCredential credential, CancellationToken cancellationToken)
    {
        if (credential.Kind == OwnerKind.Policy)
        {
            var policy = (await PolicyRows.ReadAllAsync(connection, service, cancellationToken)).FirstOrDefault(row => row.Name.Equals(credential.Owner, StringComparison.OrdinalIgnoreCase));
            return policy is null ? ProvisioningErrors.PolicyNotFound : KeysOf(policy).First(each => each.Slot.Name == credential.Slot);
        }

        if (await EnrollmentRows.FindAsync(connection, service, EnrollmentKey.Of((EnrollmentKind)credential.Kind, credential.Owner), cancellationToken) is not { } row)
        {
            return ProvisioningErrors.EnrollmentNotFound;
        }

        var slots = EnrollmentSlot.Of(row, await CaCertificateRows.ListAsync(connection, service, cancellationToken)).ToList();
        return slots.Exists(each => each.Name == credential.Slot)
            ? KnownCredential.Of(row, slots.Find(each => each.Name == credential.Slot))
            : ProvisioningErrors.ArgumentInvalid.With($"'{row.Name}' has no {credential.Slot}; it has {string.Join(" and ", slots.Select(static each => each.Name))}.");
    }

    private static IEnumerable<KnownCredential> KeysOf(PolicyRow policy)
    {
        var credentials = policy.ToCredentials();
        yield return new KnownCredential(OwnerKind.Policy, policy.Name, policy.Name, "", new EnrollmentSlot(CredentialName.PrimaryKey, CredentialName.PrimaryKey, credentials.PrimaryKey.Mark));
        yield return new KnownCredential(OwnerKind.Policy, policy.Name, policy.Name, "", new EnrollmentSlot(CredentialName.SecondaryKey, CredentialName.SecondaryKey, credentials.SecondaryKey.Mark));
    }

    private static IEnumerable<UseTotalDocument> Count(IEnumerable<KnownCredential> known, IReadOnlyList<UseTotal> totals) =>
        known.Select(each => UseTotalDocument.Of(each, totals.FirstOrDefault(each.IsOf)));
}
