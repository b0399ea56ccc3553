using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Registry;

/// <summary>What a bulk call does with one identity; wire words of <c>importMode</c>.</summary>
public enum ImportMode
{
    CreateOrUpdate,
    Create,
    Update,
    UpdateIfMatchETag,
    CreateOrUpdateIfMatchETag,
    Delete,
    DeleteIfMatchETag,
    UpdateTwin,
    UpdateTwinIfMatchETag,
}

/// <summary>One item of a bulk call.</summary>
/// <param name="Input">Identity; its authentication may be absent on an update, then the stored one stays.</param>
/// <param name="Mode">What to do.</param>
/// <param name="ETag">For the modes that compare it.</param>
public sealed record BulkItem(IdentityInput Input, ImportMode Mode, string? ETag);

/// <summary>Why one item of a bulk call was not done.</summary>
public sealed record BulkItemError(string DeviceId, string? ModuleId, HubError Error);
