namespace Gatehouse.Wire.Amqp;

/// <summary>Error conditions, and the keys of their info maps. Sources: AMQP 1.0 §2.8.15–§2.8.18; error tables of the device and service SDKs.</summary>
public static class AmqpConditions
{
    public const string InternalError = "amqp:internal-error";
    public const string NotFound = "amqp:not-found";
    public const string UnauthorizedAccess = "amqp:unauthorized-access";
    public const string DecodeError = "amqp:decode-error";
    public const string ResourceLimitExceeded = "amqp:resource-limit-exceeded";
    public const string NotAllowed = "amqp:not-allowed";
    public const string InvalidField = "amqp:invalid-field";
    public const string NotImplemented = "amqp:not-implemented";
    public const string ResourceLocked = "amqp:resource-locked";
    public const string PreconditionFailed = "amqp:precondition-failed";
    public const string ResourceDeleted = "amqp:resource-deleted";
    public const string IllegalState = "amqp:illegal-state";
    public const string FrameSizeTooSmall = "amqp:frame-size-too-small";

    public const string ConnectionForced = "amqp:connection:forced";
    public const string FramingError = "amqp:connection:framing-error";
    public const string ConnectionRedirect = "amqp:connection:redirect";

    public const string WindowViolation = "amqp:session:window-violation";
    public const string ErrantLink = "amqp:session:errant-link";
    public const string HandleInUse = "amqp:session:handle-in-use";
    public const string UnattachedHandle = "amqp:session:unattached-handle";

    public const string DetachForced = "amqp:link:detach-forced";
    public const string TransferLimitExceeded = "amqp:link:transfer-limit-exceeded";
    public const string MessageSizeExceeded = "amqp:link:message-size-exceeded";
    public const string LinkRedirect = "amqp:link:redirect";
    public const string LinkStolen = "amqp:link:stolen";

    public const string ArgumentError = "com.microsoft:argument-error";
    public const string ArgumentOutOfRange = "com.microsoft:argument-out-of-range";
    public const string DeviceAlreadyExists = "com.microsoft:device-already-exists";
    public const string DeviceContainerThrottled = "com.microsoft:device-container-throttled";
    public const string IotHubSuspended = "com.microsoft:iot-hub-suspended";
    public const string IotHubNotFound = "com.microsoft:iot-hub-not-found-error";
    public const string MessageLockLost = "com.microsoft:message-lock-lost";
    public const string MicrosoftPreconditionFailed = "com.microsoft:precondition-failed";
    public const string QuotaExceeded = "com.microsoft:quota-exceeded";
    public const string Timeout = "com.microsoft:timeout";
    public const string ServerBusy = "com.microsoft:server-busy";
    public const string EntityNotFound = "com.microsoft:entity-not-found";

    /// <summary>Key of an info map: string.</summary>
    public const string TrackingIdKey = "com.microsoft:tracking-id";

    /// <summary>Key of an info map: int, such as 404001.</summary>
    public const string ErrorCodeKey = "com.microsoft:error-code";
}
