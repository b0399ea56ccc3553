using System.Text.Json;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Devices;

/// <summary>One item of <c>POST /devices</c>.</summary>
internal sealed class BulkDeviceBody
{
    public string? Id { get; init; }

    public string? ModuleId { get; init; }

    public string? ETag { get; init; }

    /// <summary>Any case; absent means createOrUpdate.</summary>
    public string? ImportMode { get; init; }

    public string? Status { get; init; }

    public string? StatusReason { get; init; }

    public AuthenticationDocument? Authentication { get; init; }

    public CapabilitiesDocument? Capabilities { get; init; }

    public string? DeviceScope { get; init; }

    public IReadOnlyList<string>? ParentScopes { get; init; }

    public string? ManagedBy { get; init; }

    /// <summary>Version that the twin must have.</summary>
    public string? TwinETag { get; init; }

    /// <summary>As in the twin; read where the twin is written.</summary>
    public JsonElement? Tags { get; init; }

    public JsonElement? Properties { get; init; }
}

/// <summary>Answer of <c>POST /devices</c>.</summary>
internal sealed record BulkResult(bool IsSuccessful, IReadOnlyList<BulkErrorDocument> Errors, IReadOnlyList<BulkWarningDocument> Warnings);

/// <summary>Why one item was not done.</summary>
/// <param name="DeviceId">Device.</param>
/// <param name="ModuleId">Module, or null.</param>
/// <param name="ErrorCode">A name that the C# SDK's enumeration knows: any other breaks its reading of the whole answer.</param>
/// <param name="ErrorStatus">Text for people.</param>
internal sealed record BulkErrorDocument(string DeviceId, string? ModuleId, string ErrorCode, string ErrorStatus);

/// <summary>An identity that was written, but not its twin.</summary>
/// <param name="DeviceId">Device.</param>
/// <param name="WarningCode">The one warning there is: <c>DeviceRegisteredWithoutTwin</c>.</param>
/// <param name="WarningStatus">Text for people.</param>
internal sealed record BulkWarningDocument(string DeviceId, string WarningCode, string WarningStatus);
