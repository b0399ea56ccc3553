using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Files;

/// <summary>What operators do with the files of the embedded endpoint: list, read, delete. Those of a storage account belong to the tools of that account.</summary>
public sealed class UploadedFiles(Database database, BlobStore blobs)
{
    /// <summary>Files in the order of their names.</summary>
    /// <param name="hub">Hub.</param>
    /// <param name="device">Only of this device; null: of all.</param>
    /// <param name="after">Only names after this one; null: from the first.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<IReadOnlyList<UploadedFile>> ListAsync(HubName hub, DeviceId? device, string? after, int max, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => BlobRows.ListAsync(connection, hub, device is { } one ? one.Value + "/" : "", after ?? "", max, token), cancellationToken);

    /// <summary>A file's facts and where its bytes lie. GenericNotFound: there is none, or another node has them.</summary>
    public async Task<Result<(StoredBlob Blob, string Path)>> FindAsync(HubName hub, string name, CancellationToken cancellationToken) =>
        await blobs.FindAsync(hub, name, cancellationToken) is not { } found ? NotFound
            : File.Exists(blobs.PathOf(found)) ? (found, blobs.PathOf(found))
            : HubErrors.GenericNotFound.With("The bytes of this file are not on this node.");

    /// <summary>GenericNotFound.</summary>
    public async Task<Result<bool>> DeleteAsync(HubName hub, string name, string actor, CancellationToken cancellationToken)
    {
        string? fileName = null;
        var deleted = await database.WriteAsync<bool>(
            async (write, token) =>
            {
                fileName = await BlobRows.RemoveAsync(write, hub, name, token);
                if (fileName is null)
                {
                    return NotFound;
                }

                write.Audit(new AuditRecord { Hub = hub.Value, Actor = actor, Action = "file.delete", Subject = name });
                return true;
            },
            cancellationToken);
        if (deleted.IsOk)
        {
            blobs.Delete([fileName!]);
        }

        return deleted;
    }

    private static HubError NotFound { get; } = HubErrors.GenericNotFound.With("There is no such file.");
}
