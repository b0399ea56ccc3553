using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Connections;

namespace Gatehouse.Hub.Registry;

/// <summary>An identity as the registry shows it to a caller with RegistryRead: keys included.</summary>
public sealed class RegisteredIdentity
{
    public required IdentityKey Key { get; init; }

    public required string GenerationId { get; init; }

    /// <summary>Without quotes.</summary>
    public required string ETag { get; init; }

    public required bool IsEnabled { get; init; }

    public string? StatusReason { get; init; }

    /// <summary>Null: never changed.</summary>
    public DateTimeOffset? StatusChanged { get; init; }

    public required ConnectionFacts Connection { get; init; }

    /// <summary>Wire word of <c>authentication.type</c>.</summary>
    public required string AuthenticationType { get; init; }

    /// <summary>Base64; null unless the type is <c>sas</c>.</summary>
    public string? PrimaryKey { get; init; }

    public string? SecondaryKey { get; init; }

    public string? PrimaryThumbprint { get; init; }

    public string? SecondaryThumbprint { get; init; }

    /// <summary>Modules only.</summary>
    public string? ManagedBy { get; init; }

    /// <summary>Devices only.</summary>
    public bool IsEdge { get; init; }

    public string? DeviceScope { get; init; }

    public string? ParentScope { get; init; }

    /// <summary>Messages that wait for the device or are in its hands; 0 for modules, which have no queue.</summary>
    public int CloudToDeviceMessageCount { get; init; }

    public override string ToString() => $"{Key} ***";
}
