using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Modules;

/// <summary>A module as the service shows it.</summary>
internal sealed class ModuleDocument
{
    public required string ModuleId { get; init; }

    public string? ManagedBy { get; init; }

    public required string DeviceId { get; init; }

    public required string GenerationId { get; init; }

    public required string Etag { get; init; }

    public required string ConnectionState { get; init; }

    public required string ConnectionStateUpdatedTime { get; init; }

    public required string LastActivityTime { get; init; }

    /// <summary>Always 0: modules have no cloud-to-device queue.</summary>
    public int CloudToDeviceMessageCount { get; init; }

    public required AuthenticationDocument Authentication { get; init; }

    internal static ModuleDocument Of(RegisteredIdentity identity) => new()
    {
        ModuleId = identity.Key.Module!.Value.Value,
        ManagedBy = identity.ManagedBy,
        DeviceId = identity.Key.Device.Value,
        GenerationId = identity.GenerationId,
        Etag = identity.ETag,
        ConnectionState = identity.Connection.IsConnected ? "Connected" : "Disconnected",
        ConnectionStateUpdatedTime = WireTime.Format(identity.Connection.StateChanged),
        LastActivityTime = WireTime.Format(identity.Connection.LastActivity),
        Authentication = AuthenticationDocument.Of(identity),
    };
}
