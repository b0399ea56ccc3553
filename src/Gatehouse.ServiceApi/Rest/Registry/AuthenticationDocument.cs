using System.Text.Json.Serialization;
using Gatehouse.Hub.Registry;

namespace Gatehouse.ServiceApi.Rest.Registry;

/// <summary>The <c>authentication</c> object, both ways.</summary>
internal sealed class AuthenticationDocument
{
    [JsonPropertyOrder(0)]
    public SymmetricKeyDocument? SymmetricKey { get; init; }

    [JsonPropertyOrder(1)]
    public ThumbprintDocument? X509Thumbprint { get; init; }

    [JsonPropertyOrder(2)]
    public string? Type { get; init; }

    internal static AuthenticationDocument Of(RegisteredIdentity identity) => new()
    {
        SymmetricKey = new SymmetricKeyDocument { PrimaryKey = identity.PrimaryKey, SecondaryKey = identity.SecondaryKey },
        X509Thumbprint = new ThumbprintDocument { PrimaryThumbprint = identity.PrimaryThumbprint, SecondaryThumbprint = identity.SecondaryThumbprint },
        Type = identity.AuthenticationType,
    };

    internal AuthenticationInput ToInput() => new()
    {
        Type = Type,
        PrimaryKey = SymmetricKey?.PrimaryKey,
        SecondaryKey = SymmetricKey?.SecondaryKey,
        PrimaryThumbprint = X509Thumbprint?.PrimaryThumbprint,
        SecondaryThumbprint = X509Thumbprint?.SecondaryThumbprint,
    };

    public override string ToString() => "***";
}

/// <summary>Keys in base64; null where the type has none.</summary>
internal sealed class SymmetricKeyDocument
{
    public string? PrimaryKey { get; init; }

    public string? SecondaryKey { get; init; }

    public override string ToString() => "***";
}

internal sealed class ThumbprintDocument
{
    public string? PrimaryThumbprint { get; init; }

    public string? SecondaryThumbprint { get; init; }
}
