using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Registry;

/// <summary>Checks everything of an identity that is not its credential.</summary>
internal static class IdentityRules
{
    private const int MaxStatusReason = 128;
    private const int MaxManagedBy = 128;
    private const int MaxScope = 256;
    private const string ScopeScheme = "ms-azure-iot-edge://";

    internal static HubError? Check(IdentityInput input)
    {
        if (input.Status is { } status && !IsEnabled(status) && !IsDisabled(status))
        {
            return HubErrors.ArgumentInvalid.With("The status must be enabled or disabled.");
        }

        if (!IsText(input.StatusReason, MaxStatusReason))
        {
            return HubErrors.ArgumentInvalid.With($"The status reason may have {MaxStatusReason} characters, without control characters.");
        }

        if (!IsText(input.ManagedBy, MaxManagedBy))
        {
            return HubErrors.ArgumentInvalid.With($"managedBy may have {MaxManagedBy} characters, without control characters.");
        }

        if (input.ParentScopes is { Count: > 1 })
        {
            return HubErrors.ArgumentInvalid.With("A device has at most one parent scope.");
        }

        return IsScope(input.DeviceScope) && (input.ParentScopes ?? []).All(IsScope)
            ? null
            : HubErrors.ArgumentInvalid.With($"A scope must begin with {ScopeScheme} and have at most {MaxScope} characters.");
    }

    internal static bool IsDisabled(string status) => status.Equals("disabled", StringComparison.OrdinalIgnoreCase);

    /// <summary>Scope that an Edge device opens for its children.</summary>
    internal static string ScopeOf(string deviceId, string ticks) => $"{ScopeScheme}{deviceId}-{ticks}";

    private static bool IsEnabled(string status) => status.Equals("enabled", StringComparison.OrdinalIgnoreCase);

    // PostgreSQL stores no NUL, and no terminal should have to show the others.
    private static bool IsText(string? text, int most) => text is null || (text.Length <= most && !text.Any(char.IsControl));

    private static bool IsScope(string? scope) =>
        string.IsNullOrEmpty(scope) || (scope.StartsWith(ScopeScheme, StringComparison.Ordinal) && scope.Length <= MaxScope && IsText(scope, MaxScope));
}
