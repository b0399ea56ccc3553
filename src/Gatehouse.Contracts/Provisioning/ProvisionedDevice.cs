using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Provisioning;

/// <summary>A device as its enrollment wants it in a hub.</summary>
public sealed class ProvisionedDevice
{
    public required DeviceId Id { get; init; }

    public bool IsEdge { get; init; }

    /// <summary>Base64; both or none. None: by thumbprint.</summary>
    public string? PrimaryKey { get; init; }

    public string? SecondaryKey { get; init; }

    /// <summary>SHA-256 of the device's certificate; looked at when there are no keys.</summary>
    public string? PrimaryThumbprint { get; init; }

    public string? SecondaryThumbprint { get; init; }

    /// <summary>A thumbprint that stays beside the primary one if the device there has it now, so that it may go on with the certificate that it has; null for none.</summary>
    public string? KeptThumbprint { get; init; }

    /// <summary>Tags and desired properties, UTF-8 (see <see cref="IDeviceRegistrar.CheckTwin"/>). Empty for none.</summary>
    public ReadOnlyMemory<byte> Twin { get; init; }

    /// <summary>Whether a device that is there already gets <see cref="Twin"/> in place of what its twin holds; false leaves it alone.</summary>
    public bool ResetsTwin { get; init; }

    /// <summary>Enables a device that this service has disabled by <see cref="IDeviceRegistrar.QuarantineAsync"/>, and that nobody has disabled since. Null: the status stays.</summary>
    public HubName? EndsQuarantineOf { get; init; }

    /// <summary>Never the keys.</summary>
    public override string ToString() => $"{Id} ***";
}
