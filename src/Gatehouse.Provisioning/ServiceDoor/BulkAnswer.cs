using System.Globalization;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor;

/// <summary>Bulk calls of either kind.</summary>
internal static class BulkAnswer
{
    internal static async Task<ServiceAnswer> RunAsync(
        Enrollments.Enrollments enrollments, EnrollmentKind kind, string? word, IReadOnlyList<EnrollmentDocument?>? items, ServiceRequest request, ProvisioningOptions options, CancellationToken cancellationToken)
    {
        // Node writes updateIfMatchEtag, the specification updateIfMatchETag.
        if (word is null || !char.IsAsciiLetter(word[0]) || !Enum.TryParse<BulkMode>(word, ignoreCase: true, out var mode))
        {
            return Invalid("The mode must be create, update, updateIfMatchETag or delete.");
        }

        if (items is not { Count: > 0 } || items.Count > options.MaxBulkItems || items.Contains(null))
        {
            return Invalid(string.Create(CultureInfo.InvariantCulture, $"A bulk call has 1 to {options.MaxBulkItems} enrollments."));
        }

        var isGroup = kind == EnrollmentKind.Group;
        var done = await enrollments.RunBulkAsync(request.Service, request.Actor, kind, mode, items!, cancellationToken);
        return done.IsOk
            ? ServiceAnswer.Json(
                new BulkResult(done.Value.Count == 0, [.. done.Value.Select(error => new BulkResult.Item(isGroup ? null : error.Id, isGroup ? error.Id : null, error.Error.Code, error.Error.Message))]),
                ProvisioningJson.Own.BulkResult)
            : done.Error;
    }

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);
}
