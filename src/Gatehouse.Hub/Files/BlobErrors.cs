using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Files;

/// <summary>What clients of Azure Storage are told; the names are the storage service's, in <c>x-ms-error-code</c>. A table.</summary>
/// <remarks>Source: Azure Storage "Blob service error codes" and "Common REST API error codes" pages.</remarks>
public static class BlobErrors
{
    public static readonly HubError AuthenticationFailed = new(403000, "AuthenticationFailed", "The token is missing, not signed by this hub, made for another blob, or has ended.");
    public static readonly HubError AuthorizationPermissionMismatch = new(403000, "AuthorizationPermissionMismatch", "The token does not permit this operation.");
    public static readonly HubError UploadNotActive = new(403000, "AuthorizationFailure", "No upload of this blob is under way: ask the hub for another one.");
    public static readonly HubError BlobNotFound = new(404000, "BlobNotFound", "There is no such blob.");
    public static readonly HubError InvalidBlobType = new(400000, "InvalidBlobType", "Only block blobs are supported.");
    public static readonly HubError InvalidBlockId = new(400000, "InvalidBlockId", "The block id must be base64 of 1 to 64 bytes.");
    public static readonly HubError InvalidBlockList = new(400000, "InvalidBlockList", "The block list names a block that was not sent.");
    public static readonly HubError InvalidXmlDocument = new(400000, "InvalidXmlDocument", "The block list is not the XML that is expected.");
    public static readonly HubError Md5Mismatch = new(400000, "Md5Mismatch", "The body does not have the MD5 of the header.");
    public static readonly HubError IncompleteBody = new(400000, "IncompleteBody", "The body is shorter than announced.");
    public static readonly HubError MissingContentLengthHeader = new(411000, "MissingContentLengthHeader", "A Content-Length is needed.");
    public static readonly HubError RequestBodyTooLarge = new(413000, "RequestBodyTooLarge", "The file is larger than the limit.");
    public static readonly HubError BlockCountExceedsLimit = new(409000, "BlockCountExceedsLimit", "The blob has as many blocks that were not put together as it may.");
    public static readonly HubError InvalidRange = new(416000, "InvalidRange", "The range lies outside the blob.");
    public static readonly HubError InsufficientSpace = new(507000, "InsufficientAccountResourceException", "The hub holds as many bytes of files as it may.");
    public static readonly HubError ServerBusy = new(503000, "ServerBusy", "More of this device's files is on its way than two of them may hold: try again when that has come or ended.");
    public static readonly HubError OperationTimedOut = new(500000, "OperationTimedOut", "The body took longer than it may.");
    public static readonly HubError UnsupportedOperation = new(400000, "UnsupportedQueryParameter", "This operation of blobs is not supported here.");
}
