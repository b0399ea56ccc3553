using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning;

/// <summary>Log lines of the room, events 2400–2499. Refusals are not logged here: doors report them to the refusal log.</summary>
internal static partial class ProvisioningLog
{
    [LoggerMessage(2400, LogLevel.Error, "{Operation} of a provisioning service failed, tracking id {TrackingId}", EventName = "ProvisioningRequestFailed")]
    internal static partial void RequestFailed(this ILogger logger, string operation, string trackingId, Exception error);

    [LoggerMessage(2401, LogLevel.Debug, "A call of a provisioning service was answered with {Error}, tracking id {TrackingId}", EventName = "ProvisioningRequestRefused")]
    internal static partial void RequestRefused(this ILogger logger, string error, string trackingId);

    [LoggerMessage(2403, LogLevel.Warning, "The device '{Device}' that registration '{Registration}' wants belongs to registration or enrollment '{Owner}'.", EventName = "DeviceIdTaken")]
    internal static partial void DeviceIdTaken(this ILogger logger, string device, string registration, string owner);

    [LoggerMessage(2404, LogLevel.Warning, "The webhook of the enrollment '{Enrollment}' gave '{Registration}' no hub: {Problem}", EventName = "AllocationFailed")]
    internal static partial void AllocationFailed(this ILogger logger, string enrollment, string registration, string problem);

    [LoggerMessage(2405, LogLevel.Warning, "The linked hub '{HostName}' cannot be reached: {Problem}", EventName = "LinkedHubLost")]
    internal static partial void LinkedHubLost(this ILogger logger, string hostName, string problem);

    [LoggerMessage(2406, LogLevel.Information, "The linked hub '{HostName}' can be reached again.", EventName = "LinkedHubBack")]
    internal static partial void LinkedHubBack(this ILogger logger, string hostName);

    [LoggerMessage(2407, LogLevel.Warning, "The device '{Device}', which has another hub by now, could not be taken from the linked hub '{HostName}': {Problem}", EventName = "DeviceLeft")]
    internal static partial void DeviceLeft(this ILogger logger, string device, string hostName, string problem);

    [LoggerMessage(2408, LogLevel.Error, "Devices that have another hub by now could not be looked at.", EventName = "LeftDevicesFailed")]
    internal static partial void LeftDevicesFailed(this ILogger logger, Exception error);

    [LoggerMessage(2402, LogLevel.Error, "{Operation} of a device that registers over {Protocol} failed.", EventName = "RegistrationFailed")]
    internal static partial void DeviceRequestFailed(this ILogger logger, string operation, string protocol, Exception error);
}
