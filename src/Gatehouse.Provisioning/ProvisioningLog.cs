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

    [LoggerMessage(2410, LogLevel.Warning, "The device of registration '{Registration}' is in quarantine: {Reason}", EventName = "DeviceQuarantined")]
    internal static partial void DeviceQuarantined(this ILogger logger, string registration, string reason);

    [LoggerMessage(2411, LogLevel.Information, "The device of registration '{Registration}' has left quarantine.", EventName = "QuarantineEnded")]
    internal static partial void QuarantineEnded(this ILogger logger, string registration);

    [LoggerMessage(2412, LogLevel.Warning, "The hub of registration '{Registration}' could not be told of its measured boot, which is tried again: {Problem}", EventName = "HubNotTold")]
    internal static partial void HubNotTold(this ILogger logger, string registration, string problem, Exception? error);

    [LoggerMessage(2413, LogLevel.Error, "Quotes that are due could not be looked after; that is tried again.", EventName = "BootUpkeepFailed")]
    internal static partial void BootUpkeepFailed(this ILogger logger, Exception error);

    [LoggerMessage(2415, LogLevel.Error, "The key '{Key}' of the CA of credential policy '{Policy}' cannot be used, and no certificates are issued by it: {Problem}", EventName = "IssuingKeyLost")]
    internal static partial void IssuingKeyLost(this ILogger logger, string key, string policy, string problem);

    [LoggerMessage(2416, LogLevel.Information, "The key '{Key}' of a CA can be used again.", EventName = "IssuingKeyBack")]
    internal static partial void IssuingKeyBack(this ILogger logger, string key);

    [LoggerMessage(2417, LogLevel.Information, "The CA of credential policy '{Policy}' has signed revocation list {Number} with {Count} certificates.", EventName = "RevocationListSigned")]
    internal static partial void RevocationListSigned(this ILogger logger, string policy, long number, int count);

    [LoggerMessage(2418, LogLevel.Error, "A revocation list, the status of a certificate or the certificate of a CA could not be given out.", EventName = "PublicationFailed")]
    internal static partial void PublicationFailed(this ILogger logger, Exception error);

    [LoggerMessage(2425, LogLevel.Warning, "{Count} uses of credentials of provisioning services could not be written and are tried again.", EventName = "ProvisioningUsesNotWritten")]
    internal static partial void UsesNotWritten(this ILogger logger, int count, Exception error);

    [LoggerMessage(2426, LogLevel.Warning, "{Count} uses of credentials of provisioning services were not tracked: too many waited to be written. A credential may look unused that is not.", EventName = "ProvisioningUsesNotTracked")]
    internal static partial void UsesNotTracked(this ILogger logger, long count);

    [LoggerMessage(2427, LogLevel.Warning, "Uses of credentials of enrollments that are gone could not be removed; it is tried again at the next start.", EventName = "ProvisioningUsesNotPruned")]
    internal static partial void UsesNotPruned(this ILogger logger, Exception error);

    [LoggerMessage(2428, LogLevel.Error, "A key that a plan has made anew could not be carried to the hubs; that is tried again.", EventName = "KeyRollInterrupted")]
    internal static partial void KeyRollInterrupted(this ILogger logger, Exception error);

    [LoggerMessage(2460, LogLevel.Information, "The CA of credential policy '{Policy}' has certified a key for OCSP answers of this node, good until {NotAfter:u}.", EventName = "ResponderCertified")]
    internal static partial void ResponderCertified(this ILogger logger, string policy, DateTimeOffset notAfter);

    [LoggerMessage(2461, LogLevel.Warning, "The linked hub '{HostName}' could not be told that certificate {Serial} of registration '{Registration}' is revoked, and may let it in until it is; that is tried again: {Problem}", EventName = "RevocationNotTold")]
    internal static partial void RevocationNotTold(this ILogger logger, string hostName, string serial, string registration, string problem);

    [LoggerMessage(2462, LogLevel.Warning, "The hub '{HostName}' is not linked any more: nobody tells it that certificate {Serial} of registration '{Registration}' is revoked. Revoke it there.", EventName = "RevocationNotToldAnyMore")]
    internal static partial void RevocationNotToldAnyMore(this ILogger logger, string hostName, string serial, string registration);

    [LoggerMessage(2463, LogLevel.Error, "Linked hubs could not be told what is revoked; that is tried again.", EventName = "RevocationNoticesFailed")]
    internal static partial void RevocationNoticesFailed(this ILogger logger, Exception error);

    [LoggerMessage(2402, LogLevel.Error, "{Operation} of a device that registers over {Protocol} failed.", EventName = "RegistrationFailed")]
    internal static partial void DeviceRequestFailed(this ILogger logger, string operation, string protocol, Exception error);
}
