using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Files;

/// <summary>The blob endpoint inside the hub.</summary>
internal sealed class EmbeddedPlace(BlobAccess access, BlobStore blobs) : UploadPlace
{
    internal override string Address => "";

    internal override async Task<FileUploadTicket> TicketAsync(HubName hub, string blob, UploadMark upload, DateTimeOffset expires, CancellationToken cancellationToken) =>
        new(upload.CorrelationId, null, BlobAccess.Container, blob, await access.SignAsync(hub, blob, upload, Permissions, expires, cancellationToken));

    internal override async Task<Result<WrittenFile?>> FindAsync(HubName hub, string blob, DateTimeOffset since, CancellationToken cancellationToken) =>
        await blobs.FindAsync(hub, blob, cancellationToken) is { } found && found.ChangedTime >= since - ClockSkew
            ? new WrittenFile(found.Size, found.ChangedTime)
            : Result<WrittenFile?>.Of(null);

    internal override string AddressOf(string blob, string endpoint) => $"{endpoint}/{BlobAccess.Container}/{string.Join('/', blob.Split('/').Select(Uri.EscapeDataString))}";
}
