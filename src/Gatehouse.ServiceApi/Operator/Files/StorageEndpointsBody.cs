using System.Text.Json.Serialization;

namespace Gatehouse.ServiceApi.Operator.Files;

/// <summary>Storage endpoints of a hub: there is one.</summary>
internal sealed class StorageEndpointsBody
{
    [JsonPropertyName("$default")]
    public StorageEndpointBody? Default { get; init; }

    public override string ToString() => "***";
}

/// <summary>A container of a storage account.</summary>
internal sealed class StorageEndpointBody
{
    internal const string KeyBased = "keyBased";

    public string? SasTtlAsIso8601 { get; init; }

    /// <summary>Empty: the embedded endpoint.</summary>
    public string? ConnectionString { get; init; }

    public string? ContainerName { get; init; }

    public string? AuthenticationType { get; init; }

    public override string ToString() => "***";
}

/// <summary>Messaging endpoints of a hub that are about files.</summary>
internal sealed class MessagingEndpointsBody
{
    public FileNotificationsBody? FileNotifications { get; init; }
}

/// <summary>Life of file notifications.</summary>
internal sealed class FileNotificationsBody
{
    public string? LockDurationAsIso8601 { get; init; }

    public string? TtlAsIso8601 { get; init; }

    public int? MaxDeliveryCount { get; init; }
}
