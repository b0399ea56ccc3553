namespace Gatehouse.Contracts.Errors;

/// <summary>The error catalogue of the Device Provisioning Service. A table: add rows as operations need them.</summary>
/// <remarks>The service documents the families (400, 401, 404, 409, 412, 415, 429, 500) and few numbers; clients look at the HTTP status. Unconfirmed: the last three digits, except 400004, 400037, 401002, 404201 and 404202.</remarks>
public static class ProvisioningErrors
{
    public static readonly HubError BadRequest = new(400000, "BadRequest", "The request is malformed.");
    public static readonly HubError ArgumentInvalid = new(400004, "ArgumentInvalid", "An argument is invalid.");
    public static readonly HubError CertificateRequestRefused = new(400037, "CertificateRequestRefused", "The CSR did not pass verification.");
    public static readonly HubError NoLinkedHub = new(400208, "NoLinkedHub", "No linked hub can take the device.");
    public static readonly HubError LinkedHubRefused = new(400209, "LinkedHubRefused", "The linked hub did not take the device.");
    public static readonly HubError CustomAllocationFailed = new(400210, "CustomAllocationFailed", "The custom allocation failed.");
    public static readonly HubError CustomAllocationIotHubNotSpecified = new(400211, "CustomAllocationIotHubNotSpecified", "The custom allocation named no linked hub.");
    public static readonly HubError CustomAllocationUnauthorizedAccess = new(400212, "CustomAllocationUnauthorizedAccess", "The custom allocation refused the service's call.");
    public static readonly HubError CertificateIssuerEnded = new(400213, "CertificateIssuerEnded", "The CA of the credential policy is not valid now.");
    public static readonly HubError Unauthorized = new(401002, "Unauthorized", "Unauthorized");
    public static readonly HubError EnrollmentNotFound = new(404201, "EnrollmentNotFound", "Enrollment not found.");
    public static readonly HubError RegistrationNotFound = new(404202, "RegistrationNotFound", "Registration not found.");
    public static readonly HubError CertificateNotFound = new(404203, "CertificateNotFound", "Certificate not found.");
    public static readonly HubError LinkedHubNotFound = new(404204, "LinkedHubNotFound", "Linked hub not found.");
    public static readonly HubError CredentialPolicyNotFound = new(404205, "CredentialPolicyNotFound", "Credential policy not found.");
    public static readonly HubError PolicyNotFound = new(404206, "PolicyNotFound", "Shared access policy not found.");
    public static readonly HubError NotFound = new(404000, "NotFound", "There is nothing at this address.");
    public static readonly HubError MethodNotAllowed = new(405000, "MethodNotAllowed", "This method is not allowed at this address.");
    public static readonly HubError EnrollmentExists = new(409201, "EnrollmentExists", "Enrollment already exists.");
    public static readonly HubError EnrollmentConflict = new(409202, "EnrollmentConflict", "The enrollment contradicts another one.");
    public static readonly HubError TooManyEnrollments = new(409203, "TooManyEnrollments", "The service has as many enrollments of this kind as it may.");
    public static readonly HubError DeviceIdTaken = new(409204, "DeviceIdTaken", "The device id belongs to another registration.");
    public static readonly HubError LinkedHubConflict = new(409206, "LinkedHubConflict", "The linked hub contradicts what there is.");
    public static readonly HubError PolicyConflict = new(409208, "PolicyConflict", "The shared access policy contradicts what there is.");
    public static readonly HubError CertificateConflict = new(409205, "CertificateConflict", "The certificate contradicts what there is.");
    public static readonly HubError CredentialPolicyConflict = new(409207, "CredentialPolicyConflict", "The credential policy contradicts what there is.");
    public static readonly HubError PreconditionFailed = new(412001, "PreconditionFailed", "The precondition failed: the ETag does not match.");
    public static readonly HubError RequestTooLarge = new(413000, "RequestTooLarge", "The request body is too large.");
    public static readonly HubError UnsupportedMediaType = new(415000, "UnsupportedMediaType", "The content type is not supported.");
    public static readonly HubError TooManyRequests = new(429001, "TooManyRequests", "Too many requests.", IsTransient: true);
    public static readonly HubError LinkedHubUnavailable = new(500202, "LinkedHubUnavailable", "The linked hub cannot be reached now.", IsTransient: true);
    public static readonly HubError IssuerUnavailable = new(500203, "IssuerUnavailable", "The key of the CA that issues certificates cannot be used now.", IsTransient: true);
    public static readonly HubError ServerError = new(500001, "ServerError", "The server failed to handle the request.", IsTransient: true);
}
