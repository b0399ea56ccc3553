using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Sinks.Blobs;

namespace Gatehouse.Hub.Files;

/// <summary>A container of a storage account. Devices write there straight; the hub only signs, and looks at what was written.</summary>
internal sealed class AccountPlace(UploadContainer container, BlobLookups lookups, AccountHealth health) : UploadPlace
{
    internal override string Address => container.Address;

    internal override Task<FileUploadTicket> TicketAsync(HubName hub, string blob, UploadMark upload, DateTimeOffset expires, CancellationToken cancellationToken) =>
        Task.FromResult(new FileUploadTicket(upload.CorrelationId, container.HostName, container.ContainerPath, blob, container.TokenFor(blob, Permissions, expires)));

    internal override async Task<Result<WrittenFile?>> FindAsync(HubName hub, string blob, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var found = await lookups.FindAsync(container, blob, cancellationToken);
        health.Note(hub, found.Problem);
        return found.Problem is not null ? HubErrors.ServiceUnavailable.With("The hub's storage account cannot be asked now; try again. The upload is not lost.")
            : found.Size is { } size && found.Changed >= since - ClockSkew ? new WrittenFile(size, found.Changed)
            : Result<WrittenFile?>.Of(null);
    }

    internal override string AddressOf(string blob, string endpoint) => container.AddressOf(blob);
}
