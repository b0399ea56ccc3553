using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Connections;

namespace Gatehouse.Hub.Twins;

/// <summary>A whole twin as a back end sees it. <see cref="TwinDocument"/> writes it.</summary>
public sealed class Twin
{
    public required IdentityKey Key { get; init; }

    public required string GenerationId { get; init; }

    /// <summary>Without quotes; another after each write of tags, desired or reported properties.</summary>
    public required string ETag { get; init; }

    /// <summary>ETag of the identity.</summary>
    public required string DeviceETag { get; init; }

    /// <summary>One more with each write; 2 at first.</summary>
    public required long Version { get; init; }

    /// <summary>As the device said when it connected; null for none.</summary>
    public string? ModelId { get; init; }

    public required bool IsEnabled { get; init; }

    public string? StatusReason { get; init; }

    /// <summary>Null: never changed.</summary>
    public DateTimeOffset? StatusChanged { get; init; }

    public required ConnectionFacts Connection { get; init; }

    /// <summary>Cloud-to-device messages that wait for the device.</summary>
    public long CloudToDeviceMessageCount { get; init; }

    /// <summary>Wire word of <c>authentication.type</c>.</summary>
    public required string AuthenticationType { get; init; }

    public string? PrimaryThumbprint { get; init; }

    public string? SecondaryThumbprint { get; init; }

    /// <summary>Devices only.</summary>
    public bool IsEdge { get; init; }

    public string? DeviceScope { get; init; }

    public string? ParentScope { get; init; }

    /// <summary>A JSON object, UTF-8.</summary>
    public required ReadOnlyMemory<byte> Tags { get; init; }

    public required TwinSection Desired { get; init; }

    public required TwinSection Reported { get; init; }

    /// <summary>A JSON object, UTF-8: what each configuration that targets the identity did.</summary>
    public required ReadOnlyMemory<byte> Configurations { get; init; }

    internal bool HasConfigurations => Configurations.Length > 2;
}

/// <summary>The desired or the reported half.</summary>
/// <param name="Json">A JSON object, UTF-8, without <c>$metadata</c> and <c>$version</c>.</param>
/// <param name="Metadata">The <c>$metadata</c> object, UTF-8.</param>
/// <param name="Version">The <c>$version</c>.</param>
public readonly record struct TwinSection(ReadOnlyMemory<byte> Json, ReadOnlyMemory<byte> Metadata, long Version);
