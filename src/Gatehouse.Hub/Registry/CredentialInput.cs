using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Hub.Registry;

/// <summary>Checked credentials on their way into a row.</summary>
internal sealed class CredentialInput
{
    /// <summary>Two keys of the hub's making.</summary>
    internal static CredentialInput Generated => new() { Kind = CredentialKind.Sas };

    internal required CredentialKind Kind { get; init; }

    /// <summary>Both null with Sas: the hub makes them.</summary>
    internal byte[]? PrimaryKey { get; init; }

    internal byte[]? SecondaryKey { get; init; }

    internal string? PrimaryThumbprint { get; init; }

    internal string? SecondaryThumbprint { get; init; }

    internal static CredentialInput Empty(CredentialKind kind) => new() { Kind = kind };

    public override string ToString() => $"{Kind} ***";
}
