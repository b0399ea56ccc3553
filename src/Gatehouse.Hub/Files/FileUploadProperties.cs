using Gatehouse.Hub.Notifications;

namespace Gatehouse.Hub.Files;

/// <summary>Where devices upload to, and what back ends are told: of the hub's properties <c>storageEndpoints.$default</c>, <c>messagingEndpoints.fileNotifications</c> and <c>enableFileUploadNotifications</c>.</summary>
/// <remarks>Source: Microsoft.Devices/IotHubs resource, and the IoT Hub "Configure file uploads" page.</remarks>
public sealed record FileUploadProperties
{
    /// <summary>Of a storage account, with its key; masked in answers. Null: the embedded blob endpoint.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Container of that account; <c>uploads</c> for the embedded endpoint.</summary>
    public string ContainerName { get; init; } = BlobAccess.Container;

    /// <summary>How long a device may write to the place it was given. 1 min–24 h, default 1 h. <c>sasTtlAsIso8601</c>.</summary>
    public required TimeSpan TokenLife { get; init; }

    /// <summary>Whether back ends are told of each file that a device finished. <c>enableFileUploadNotifications</c>.</summary>
    public required bool IsNotifying { get; init; }

    /// <summary>Life of those notifications.</summary>
    public required NotificationOptions Notifications { get; init; }

    public string ETag { get; init; } = "";

    public override string ToString() => $"file upload to {ContainerName} ***";
}
