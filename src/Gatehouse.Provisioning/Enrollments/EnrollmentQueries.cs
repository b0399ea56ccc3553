using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Enrollments.Conditions;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>Lists enrollments and registrations, page by page in the order of ids.</summary>
internal sealed class EnrollmentQueries(Database database, ProvisioningDirectory directory, ProvisioningOptions options)
{
    /// <summary>ArgumentInvalid for anything but <c>SELECT * FROM enrollments</c> or <c>enrollmentGroups</c>, with or without a condition.</summary>
    /// <remarks>With a condition a page ends too when so many were looked at; it may have few items, or none, and others follow.</remarks>
    internal async Task<Result<Page<EnrollmentDocument>>> RunAsync(HubName service, EnrollmentKind kind, string? query, string after, int count, CancellationToken cancellationToken)
    {
        var collection = kind == EnrollmentKind.Group ? "enrollmentGroups" : "enrollments";
        if (!ConditionParser.TryParse(query, out var named, out var condition) || !named.Equals(collection, StringComparison.OrdinalIgnoreCase))
        {
            return ProvisioningErrors.ArgumentInvalid.With($"The query must be SELECT * FROM {collection}, and may have a WHERE with comparisons, AND, OR, NOT and parentheses.");
        }

        var policy = directory.All.First(each => each.Name == service).AllocationPolicy;
        return await database.ReadAsync<Result<Page<EnrollmentDocument>>>(
            async (connection, token) => condition is null
                ? await PageAsync(connection, service, kind, policy, after, count, token)
                : await SearchAsync(connection, service, kind, policy, condition, after, count, token),
            cancellationToken);
    }

    /// <summary>Registrations through a group.</summary>
    internal Task<Page<RegistrationDocument>> ListRegistrationsAsync(HubName service, EnrollmentKey group, string after, int count, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            var rows = await RegistrationRows.ListAsync(connection, service, group, after, count + 1, token);
            return new Page<RegistrationDocument>([.. rows.Take(count).Select(RegistrationDocument.Of)], rows.Count > count ? rows[count - 1].Id : null);
        },
        cancellationToken);

    private static async Task<Page<EnrollmentDocument>> PageAsync(DbConnection connection, HubName service, EnrollmentKind kind, string policy, string after, int count, CancellationToken cancellationToken)
    {
        var rows = await EnrollmentRows.ListAsync(connection, service, kind, after, count + 1, cancellationToken);
        var items = new List<EnrollmentDocument>();
        foreach (var row in rows.Take(count))
        {
            items.Add(await ShowAsync(connection, service, row, policy, cancellationToken));
        }

        return new Page<EnrollmentDocument>(items, rows.Count > count ? rows[count - 1].Id : null);
    }

    private async Task<Page<EnrollmentDocument>> SearchAsync(
        DbConnection connection, HubName service, EnrollmentKind kind, string policy, Condition condition, string after, int count, CancellationToken cancellationToken)
    {
        var rows = await EnrollmentRows.ListAsync(connection, service, kind, after, options.MaxSearchedItems + 1, cancellationToken);
        var items = new List<EnrollmentDocument>();
        for (var i = 0; i < Math.Min(rows.Count, options.MaxSearchedItems); i++)
        {
            var shown = await ShowAsync(connection, service, rows[i], policy, cancellationToken);
            if (condition.Judge((JsonObject)JsonSerializer.SerializeToNode(shown, ProvisioningJson.Own.EnrollmentDocument)!) != true)
            {
                continue;
            }

            items.Add(shown);
            if (items.Count == count)
            {
                return new Page<EnrollmentDocument>(items, i + 1 < rows.Count ? rows[i].Id : null);
            }
        }

        return new Page<EnrollmentDocument>(items, rows.Count > options.MaxSearchedItems ? rows[options.MaxSearchedItems - 1].Id : null);
    }

    private static async Task<EnrollmentDocument> ShowAsync(DbConnection connection, HubName service, EnrollmentRow row, string policy, CancellationToken cancellationToken)
    {
        var registration = row.Key.Kind == EnrollmentKind.Individual ? await RegistrationRows.FindAsync(connection, service, row.Id, cancellationToken) : null;
        return EnrollmentViews.Show(row, registration, policy);
    }
}

/// <param name="Items">What is on it.</param>
/// <param name="Last">Id of the last item that was looked at, when more follow.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Last);
