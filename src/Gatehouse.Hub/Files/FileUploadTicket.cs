namespace Gatehouse.Hub.Files;

/// <summary>What a device needs to upload one file, and to say that it has.</summary>
/// <param name="CorrelationId">Letters and digits: clients put it into a path with and without encoding.</param>
/// <param name="HostName">Of the storage account, with its port; null: the host that the device has reached the hub at.</param>
/// <param name="ContainerName">First segment of the path, or two where the account's name comes before the container.</param>
/// <param name="BlobName">The rest of it, the device's id first.</param>
/// <param name="SasToken">Query with a leading <c>?</c>; a secret.</param>
public sealed record FileUploadTicket(string CorrelationId, string? HostName, string ContainerName, string BlobName, string SasToken)
{
    public override string ToString() => $"upload of {BlobName} ***";
}
