using System.Xml;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Files;
using Gatehouse.Hub.Notifications;

namespace Gatehouse.ServiceApi.Operator.Files;

/// <summary>File upload properties as they are sent and answered: those of the management API's hub resource that are about files.</summary>
/// <remarks>What is absent or null has its default; a connection string that is absent, or as answers show it, stays.</remarks>
internal sealed class FileUploadBody
{
    public StorageEndpointsBody? StorageEndpoints { get; init; }

    public MessagingEndpointsBody? MessagingEndpoints { get; init; }

    public bool? EnableFileUploadNotifications { get; init; }

    public override string ToString() => "file upload ***";

    internal static FileUploadBody From(FileUploadProperties properties) => new()
    {
        StorageEndpoints = new StorageEndpointsBody
        {
            Default = new StorageEndpointBody
            {
                SasTtlAsIso8601 = XmlConvert.ToString(properties.TokenLife),
                ConnectionString = properties.ConnectionString ?? "",
                ContainerName = properties.ContainerName,
                AuthenticationType = StorageEndpointBody.KeyBased,
            },
        },
        MessagingEndpoints = new MessagingEndpointsBody
        {
            FileNotifications = new FileNotificationsBody
            {
                LockDurationAsIso8601 = XmlConvert.ToString(properties.Notifications.LockDuration),
                TtlAsIso8601 = XmlConvert.ToString(properties.Notifications.TimeToLive),
                MaxDeliveryCount = properties.Notifications.MaxDeliveryCount,
            },
        },
        EnableFileUploadNotifications = properties.IsNotifying,
    };

    internal Result<FileUploadProperties> ToProperties()
    {
        var (storage, notifications, defaults) = (StorageEndpoints?.Default, MessagingEndpoints?.FileNotifications, new NotificationOptions());
        if (storage?.AuthenticationType is { } type && !type.Equals(StorageEndpointBody.KeyBased, StringComparison.OrdinalIgnoreCase))
        {
            return HubErrors.ArgumentInvalid.With("The authenticationType must be keyBased.");
        }

        if (Life(storage?.SasTtlAsIso8601, TimeSpan.FromHours(1)) is not { } life
            || Life(notifications?.TtlAsIso8601, defaults.TimeToLive) is not { } ttl
            || Life(notifications?.LockDurationAsIso8601, defaults.LockDuration) is not { } locked)
        {
            return HubErrors.ArgumentInvalid.With("The sasTtlAsIso8601, ttlAsIso8601 and lockDurationAsIso8601 must be ISO 8601 durations, as PT1H.");
        }

        return new FileUploadProperties
        {
            // Without a storage endpoint it is the embedded one.
            ConnectionString = storage is null ? "" : storage.ConnectionString,
            ContainerName = storage?.ContainerName ?? "",
            TokenLife = life,
            IsNotifying = EnableFileUploadNotifications ?? false,
            Notifications = new NotificationOptions { TimeToLive = ttl, LockDuration = locked, MaxDeliveryCount = notifications?.MaxDeliveryCount ?? defaults.MaxDeliveryCount },
        };
    }

    private static TimeSpan? Life(string? text, TimeSpan absent)
    {
        try
        {
            return string.IsNullOrEmpty(text) ? absent : text.Length <= 64 ? XmlConvert.ToTimeSpan(text) : null;
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            return null;
        }
    }
}
