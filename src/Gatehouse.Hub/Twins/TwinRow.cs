using System.Text;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;

namespace Gatehouse.Hub.Twins;

/// <summary>A row of <c>twins</c> with the facts of its identity that a twin shows: never a key.</summary>
internal sealed record TwinRow
{
    public string Hub { get; init; } = "";

    public string DeviceId { get; init; } = "";

    public string ModuleId { get; init; } = "";

    public string GenerationId { get; init; } = "";

    public long Etag { get; init; }

    public long Version { get; init; }

    public string? ModelId { get; init; }

    public string Tags { get; init; } = "";

    public string Desired { get; init; } = "";

    public string DesiredMetadata { get; init; } = "";

    public long DesiredVersion { get; init; }

    public string Reported { get; init; } = "";

    public string ReportedMetadata { get; init; } = "";

    public long ReportedVersion { get; init; }

    public string Configurations { get; init; } = "";

    public long IdentityEtag { get; init; }

    public long IsDisabled { get; init; }

    public string? StatusReason { get; init; }

    public long StatusChanged { get; init; }

    public long CredentialKind { get; init; }

    public string? PrimaryThumbprint { get; init; }

    public string? SecondaryThumbprint { get; init; }

    public long IsEdge { get; init; }

    public string? DeviceScope { get; init; }

    public string? ParentScope { get; init; }

    /// <summary>Cloud-to-device messages that wait; a module's generation is never a device's.</summary>
    public long MessageCount { get; init; }

    internal IdentityKey Key => new(
        Contracts.Identities.DeviceId.Parse(DeviceId),
        ModuleId.Length > 0 ? Contracts.Identities.ModuleId.Parse(ModuleId) : null);

    internal string WireETag => TwinETags.Format(Etag);

    internal Twin Show(Connections.ConnectionFacts connection) => new()
    {
        Key = Key,
        GenerationId = GenerationId,
        ETag = WireETag,
        DeviceETag = ETags.Format(IdentityEtag),
        Version = Version,
        ModelId = ModelId,
        IsEnabled = IsDisabled == 0,
        StatusReason = StatusReason,
        StatusChanged = StatusChanged == 0 ? null : new DateTimeOffset(StatusChanged, TimeSpan.Zero),
        Connection = connection,
        CloudToDeviceMessageCount = MessageCount,
        AuthenticationType = CredentialWords.Of((CredentialKind)CredentialKind),
        PrimaryThumbprint = PrimaryThumbprint,
        SecondaryThumbprint = SecondaryThumbprint,
        IsEdge = IsEdge != 0,
        DeviceScope = DeviceScope,
        ParentScope = ParentScope,
        Tags = Encoding.UTF8.GetBytes(Tags),
        Desired = new TwinSection(Encoding.UTF8.GetBytes(Desired), Encoding.UTF8.GetBytes(DesiredMetadata), DesiredVersion),
        Reported = new TwinSection(Encoding.UTF8.GetBytes(Reported), Encoding.UTF8.GetBytes(ReportedMetadata), ReportedVersion),
        Configurations = Encoding.UTF8.GetBytes(Configurations),
    };

    public override string ToString() => ModuleId.Length > 0 ? $"{DeviceId}/{ModuleId}" : DeviceId;
}
