using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Devices;

/// <summary>A device as callers send it; read-only and unknown members are ignored, the body's etag too (only If-Match counts).</summary>
internal sealed class DeviceBody
{
    public string? DeviceId { get; init; }

    public string? Status { get; init; }

    public string? StatusReason { get; init; }

    public AuthenticationDocument? Authentication { get; init; }

    public CapabilitiesDocument? Capabilities { get; init; }

    public string? DeviceScope { get; init; }

    public IReadOnlyList<string>? ParentScopes { get; init; }

    internal IdentityInput ToInput(DeviceId device) => new()
    {
        Key = new IdentityKey(device),
        Status = Status,
        StatusReason = StatusReason,
        Authentication = Authentication?.ToInput(),
        IsEdge = Capabilities?.IotEdge,
        DeviceScope = DeviceScope,
        ParentScopes = ParentScopes,
    };
}
