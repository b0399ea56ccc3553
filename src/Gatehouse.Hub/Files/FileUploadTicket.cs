namespace Gatehouse.Hub.Files;

/// <summary>What a device needs to upload one file, and to say that it has.</summary>
/// <param name="CorrelationId">Letters and digits: clients put it into a path with and without encoding.</param>
/// <param name="ContainerName">First segment of the path.</param>
/// <param name="BlobName">The rest of it, the device's id first.</param>
/// <param name="SasToken">Query with a leading <c>?</c>; a secret.</param>
public sealed record FileUploadTicket(string CorrelationId, string ContainerName, string BlobName, string SasToken)
{
    public override string ToString() => $"upload of {BlobName} ***";
}
