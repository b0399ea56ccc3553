using System.Globalization;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor.CredentialUses;

/// <summary>What the query of these operations may say.</summary>
internal static class UseQuery
{
    private const int DefaultItems = 100;
    private const int MaxItems = 1_000;

    /// <summary><c>since</c>: a time of ISO 8601; all times when it is absent.</summary>
    internal static Result<DateTimeOffset> Since(ServiceRequest request) => request.Query("since") switch
    {
        null => DateTimeOffset.MinValue,
        var text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) => time,
        _ => ProvisioningErrors.ArgumentInvalid.With("since must be a time as 2026-11-28T00:00:00Z."),
    };

    /// <summary><c>after</c>: a registration id; empty when it is absent.</summary>
    internal static Result<string> After(ServiceRequest request) => request.Query("after") switch
    {
        null => Result<string>.Of(""),
        var text when EnrollmentKey.IsValid(text) => text.ToLowerInvariant(),
        _ => ProvisioningErrors.ArgumentInvalid.With("after must be what the page before gave as next."),
    };

    internal static Result<int> Max(ServiceRequest request) => request.Query("max") switch
    {
        null => DefaultItems,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= MaxItems => count,
        _ => ProvisioningErrors.ArgumentInvalid.With($"max must be 1–{MaxItems}."),
    };

    /// <summary>Policies are settings of the service.</summary>
    internal static bool MaySeePolicies(ServiceRequest request) => request.PolicyCaller.Holds(Rights.ServiceConfig);
}
