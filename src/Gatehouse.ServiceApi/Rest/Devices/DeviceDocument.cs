using System.Text.Json.Serialization;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Devices;

/// <summary>A device as the service shows it. The names are the contract of every SDK.</summary>
internal sealed class DeviceDocument
{
    public required string DeviceId { get; init; }

    public required string GenerationId { get; init; }

    /// <summary>Without quotes here, with quotes in the header.</summary>
    public required string Etag { get; init; }

    public required string ConnectionState { get; init; }

    public required string Status { get; init; }

    public string? StatusReason { get; init; }

    public required string ConnectionStateUpdatedTime { get; init; }

    public required string StatusUpdatedTime { get; init; }

    public required string LastActivityTime { get; init; }

    public int CloudToDeviceMessageCount { get; init; }

    public required AuthenticationDocument Authentication { get; init; }

    public required CapabilitiesDocument Capabilities { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DeviceScope { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? ParentScopes { get; init; }

    internal static DeviceDocument Of(RegisteredIdentity identity) => new()
    {
        DeviceId = identity.Key.Device.Value,
        GenerationId = identity.GenerationId,
        Etag = identity.ETag,
        ConnectionState = identity.Connection.IsConnected ? "Connected" : "Disconnected",
        Status = identity.IsEnabled ? "enabled" : "disabled",
        StatusReason = identity.StatusReason,
        ConnectionStateUpdatedTime = WireTime.Format(identity.Connection.StateChanged),
        StatusUpdatedTime = WireTime.Format(identity.StatusChanged),
        LastActivityTime = WireTime.Format(identity.Connection.LastActivity),
        CloudToDeviceMessageCount = identity.CloudToDeviceMessageCount,
        Authentication = AuthenticationDocument.Of(identity),
        Capabilities = new CapabilitiesDocument { IotEdge = identity.IsEdge },
        DeviceScope = identity.DeviceScope,
        ParentScopes = identity.ParentScope is { } parent ? [parent] : null,
    };
}
