namespace Gatehouse.Contracts.Errors;

/// <summary>The error catalogue. A table: add rows as operations need them.</summary>
/// <remarks>Sources: IoT Hub "Troubleshoot error codes" page; ErrorCode.cs of the C# service SDK. Names must be of that list, or C# clients fail to read them.</remarks>
public static class HubErrors
{
    public static readonly HubError GenericBadRequest = new(400000, "GenericBadRequest", "The request is malformed.");
    public static readonly HubError InvalidProtocolVersion = new(400001, "InvalidProtocolVersion", "The api-version query parameter is missing.");
    public static readonly HubError InvalidOperation = new(400003, "InvalidOperation", "The operation is not valid here.");
    public static readonly HubError ArgumentInvalid = new(400004, "ArgumentInvalid", "An argument is invalid.");
    public static readonly HubError ArgumentNull = new(400005, "ArgumentNull", "A required argument is missing.");
    public static readonly HubError CertificateRequestRefused = new(400037, "CertificateRequestRefused", "The CSR did not pass verification."); // the name is ours, only the number is documented
    public static readonly HubError IotHubFormatError = new(400006, "IotHubFormatError", "The request has a format error.");
    public static readonly HubError BlobContainerValidationError = new(400008, "BlobContainerValidationError", "The storage container cannot be used.");
    public static readonly HubError DeviceDefinedMultipleTimes = new(400011, "DeviceDefinedMultipleTimes", "The same identity appears more than once in one call.");
    public static readonly HubError DeserializationError = new(400012, "DeserializationError", "The body could not be read.");
    public static readonly HubError BulkRegistryOperationFailure = new(400013, "BulkRegistryOperationFailure", "The bulk operation failed.");
    public static readonly HubError DefaultStorageEndpointNotConfigured = new(400014, "DefaultStorageEndpointNotConfigured", "The hub has no storage for files.");
    public static readonly HubError InvalidFileUploadCorrelationId = new(400015, "InvalidFileUploadCorrelationId", "The device has begun no upload of this correlation id, or has finished it.");
    public static readonly HubError ExpiredFileUploadCorrelationId = new(400016, "ExpiredFileUploadCorrelationId", "The upload of this correlation id has expired.");
    public static readonly HubError InvalidFileUploadCompletionStatus = new(400019, "InvalidFileUploadCompletionStatus", "The completion of the upload cannot be taken.");
    public static readonly HubError InvalidConfigurationCustomMetricsQuery = new(400095, "InvalidConfigurationCustomMetricsQuery", "A custom metric of the configuration is no query."); // the numbers of these three are ours, only the names are documented
    public static readonly HubError InvalidConfigurationTargetCondition = new(400096, "InvalidConfigurationTargetCondition", "The target condition of the configuration is invalid.");
    public static readonly HubError InvalidConfigurationContent = new(400097, "InvalidConfigurationContent", "The content of the configuration is invalid.");
    public static readonly HubError StringIsNotThumbprint = new(400098, "StringIsNotThumbprint", "A thumbprint must be 40 (SHA-1) or 64 (SHA-256) hexadecimal digits without separators."); // the number is ours, only the name is documented
    public static readonly HubError DeviceAuthenticationTypeIsMissing = new(400099, "DeviceAuthenticationTypeIsMissing", "A device needs an authentication type: sas, selfSigned or certificateAuthority."); // likewise
    public static readonly HubError ConnectionForcefullyClosedOnNewConnection = new(400027, "ConnectionForcefullyClosedOnNewConnection", "A newer connection of the same identity took over.");
    public static readonly HubError ConnectionForcefullyClosedOnFaultInjection = new(400029, "ConnectionForcefullyClosedOnFaultInjection", "The connection was closed by a fault that its client ordered.", IsTransient: true);
    public static readonly HubError CannotRegisterModuleToModule = new(400301, "CannotRegisterModuleToModule", "A module cannot hold modules.");
    public static readonly HubError IotHubNotFound = new(401001, "IotHubNotFound", "No hub answers to this host name.");
    public static readonly HubError IotHubUnauthorizedAccess = new(401002, "IotHubUnauthorizedAccess", "Unauthorized");
    public static readonly HubError IotHubUnauthorized = new(401003, "IotHubUnauthorized", "Unauthorized");
    public static readonly HubError IotHubQuotaExceeded = new(403002, "IotHubQuotaExceeded", "The daily message quota is used up.");
    public static readonly HubError JobQuotaExceeded = new(403003, "JobQuotaExceeded", "The hub has as many jobs as it may.");
    public static readonly HubError DeviceMaximumQueueDepthExceeded = new(403004, "DeviceMaximumQueueDepthExceeded", "As many messages wait for the device as may.");
    public static readonly HubError IotHubMaxCbsTokenExceeded = new(403005, "IotHubMaxCbsTokenExceeded", "The connection holds as many tokens as it may.");
    public static readonly HubError DeviceMaximumActiveFileUploadLimitExceeded = new(403006, "DeviceMaximumActiveFileUploadLimitExceeded", "The device has as many unfinished uploads as it may.");
    public static readonly HubError DeviceDisabled = new(403012, "DeviceDisabled", "The device is disabled.");
    public static readonly HubError DeviceMaximumInflightMethodExceeded = new(403800, "DeviceMaximumInflightMethodExceeded", "The device has as many method calls under way as it may.", IsTransient: true);
    public static readonly HubError DeviceNotFound = new(404001, "DeviceNotFound", "The operation failed because the requested device isn't found or doesn't exist in the registry.");
    public static readonly HubError JobNotFound = new(404002, "JobNotFound", "There is no job of this id.");
    public static readonly HubError ModuleNotFound = new(404010, "ModuleNotFound", "The requested module isn't found on the device.");
    public static readonly HubError ConfigurationNotFound = new(404098, "ConfigurationNotFound", "There is no configuration with this id."); // likewise
    public static readonly HubError GenericNotFound = new(404000, "GenericNotFound", "There is nothing at this address.");
    public static readonly HubError DeviceNotOnline = new(404103, "DeviceNotOnline", "Timed out waiting for device to connect.", IsTransient: true);
    public static readonly HubError DeviceConnectionClosedRemotely = new(404104, "DeviceConnectionClosedRemotely", "The connection was closed by the device.");
    public static readonly HubError GenericMethodNotAllowed = new(405000, "GenericMethodNotAllowed", "This method is not allowed at this address.");
    public static readonly HubError DeviceAlreadyExists = new(409001, "DeviceAlreadyExists", "A device with this id is registered already.");
    public static readonly HubError ModuleAlreadyExistsOnDevice = new(409301, "ModuleAlreadyExistsOnDevice", "A module with this id is registered on the device already.");
    public static readonly HubError JobAlreadyExists = new(409099, "JobAlreadyExists", "A job with this id is there already."); // the number is ours, only the name is documented
    public static readonly HubError ApplyConfigurationAlreadyInProgressOnDevice = new(409097, "ApplyConfigurationAlreadyInProgressOnDevice", "Content is being applied to the device already.", IsTransient: true); // likewise
    public static readonly HubError ConfigurationAlreadyExists = new(409098, "ConfigurationAlreadyExists", "A configuration with this id exists already."); // likewise
    public static readonly HubError CertificateRequestActive = new(409004, "CertificateRequestActive", "Another request for a certificate is under way."); // likewise
    public static readonly HubError GenericConflict = new(409000, "GenericConflict", "The request conflicts with the present state.");
    public static readonly HubError PreconditionFailed = new(412001, "PreconditionFailed", "The precondition failed: the ETag does not match.");
    public static readonly HubError DeviceMessageLockLost = new(412002, "DeviceMessageLockLost", "The lock of the message has ended.");
    public static readonly HubError GenericRequestEntityTooLarge = new(413000, "GenericRequestEntityTooLarge", "The request body is too large.");
    public static readonly HubError MessageTooLarge = new(413001, "MessageTooLarge", "The message is larger than the limit.");
    public static readonly HubError TooManyDevices = new(413002, "TooManyDevices", "Too many identities.");
    public static readonly HubError TooManyModulesOnDevice = new(413003, "TooManyModulesOnDevice", "The device has the largest number of modules already.");
    public static readonly HubError GenericUnsupportedMediaType = new(415000, "GenericUnsupportedMediaType", "The content type is not supported.");
    public static readonly HubError ThrottlingException = new(429001, "ThrottlingException", "Too many requests.", IsTransient: true);
    public static readonly HubError DeviceThrottlingLimitExceeded = new(429005, "DeviceThrottlingLimitExceeded", "The device sends faster than its limit.", IsTransient: true);
    public static readonly HubError ServerError = new(500001, "ServerError", "The server failed to handle the request.", IsTransient: true);
    public static readonly HubError JobCancelled = new(500002, "JobCancelled", "The job was cancelled.");
    public static readonly HubError GenericBadGateway = new(502000, "GenericBadGateway", "The device's answer cannot be used.");
    public static readonly HubError ServiceUnavailable = new(503001, "ServiceUnavailable", "The service is not available now.", IsTransient: true);
    public static readonly HubError GatewayTimeout = new(504101, "GatewayTimeout", "Timed out waiting for the response from device.", IsTransient: true); // the number is documented, the name unconfirmed
}
