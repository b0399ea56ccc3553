using System.Buffers;
using System.Security.Cryptography;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Files;

/// <summary>The hub's own block blobs: bytes in files of the data directory, streamed and synced, names in the store. Writes only where an upload is under way.</summary>
/// <remarks>A file's name is a random number; what was cut short leaves at most files that no row names, which <see cref="FileUpkeep"/> removes when they are a day old.</remarks>
public sealed class BlobStore
{
    /// <summary>How long a body may take: as long as the longest token lives.</summary>
    internal static readonly TimeSpan MaxArrival = TimeSpan.FromDays(1);

    private const int BufferBytes = 64 * 1024;
    private const int MaxBlockIdBytes = 64;
    private const string DefaultContentType = "application/octet-stream";

    private readonly Database database;
    private readonly FileOptions options;
    private readonly TimeProvider time;

    private readonly ArrivingBytes arriving = new();

    internal BlobStore(Database database, FileOptions options, TimeProvider time)
    {
        (this.database, this.options, this.time) = (database, options, time);
        if (options.Folder is { } folder && !OperatingSystem.IsWindows())
        {
            // What devices upload is for the user of the server alone.
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        else if (options.Folder is not null)
        {
            Directory.CreateDirectory(options.Folder);
        }
    }

    /// <summary>Largest body of one write.</summary>
    public long MaxFileBytes => options.MaxFileBytes;

    /// <summary>Longest block list, as text.</summary>
    public int MaxBlocks => options.MaxBlocks;

    /// <summary>Null when there is none.</summary>
    public Task<StoredBlob?> FindAsync(HubName hub, string blob, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => BlobRows.FindAsync(connection, null, hub, blob, token), cancellationToken);

    /// <summary>Blocks that are in no file yet.</summary>
    public Task<IReadOnlyList<BlobBlock>> BlocksAsync(HubName hub, string blob, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => BlobRows.BlocksAsync(connection, null, hub, blob, token), cancellationToken);

    /// <summary>Where the bytes of a blob lie.</summary>
    public string PathOf(StoredBlob blob)
    {
        ArgumentNullException.ThrowIfNull(blob);
        return PathOf(blob.FileName);
    }

    /// <summary>Writes a whole file; durable when the task completes. What was there before is replaced.</summary>
    /// <param name="hub">Hub.</param>
    /// <param name="blob">Name.</param>
    /// <param name="upload">Correlation id of the upload that the writer's token was made for, as for the other writes.</param>
    /// <param name="content">Bytes.</param>
    /// <param name="cancellationToken">Ends it, as long as the bytes are on their way.</param>
    public async Task<Result<StoredBlob>> PutAsync(HubName hub, string blob, string upload, BlobContent content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        var began = time.GetUtcNow().UtcTicks;
        var written = await WriteAsync(hub, blob, upload, began, content, cancellationToken);
        return written.IsOk
            ? await ReplaceAsync(hub, blob, upload, began, new StoredBlob { FileName = written.Value, Size = content.Length, ContentType = content.Type ?? DefaultContentType })
            : written.Error;
    }

    /// <summary>Writes a part, to be put together later; durable when the task completes.</summary>
    public async Task<Result<bool>> PutBlockAsync(HubName hub, string blob, string upload, string blockId, BlobContent content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        if (!IsBlockId(blockId))
        {
            return BlobErrors.InvalidBlockId;
        }

        var (count, bytes) = await database.ReadAsync((connection, token) => BlobRows.OtherBlocksAsync(connection, hub, blob, blockId, token), cancellationToken);
        if (count >= options.MaxBlocks || bytes + content.Length > options.MaxFileBytes)
        {
            return count >= options.MaxBlocks ? BlobErrors.BlockCountExceedsLimit : BlobErrors.RequestBodyTooLarge;
        }

        var began = time.GetUtcNow().UtcTicks;
        var written = await WriteAsync(hub, blob, upload, began, content, cancellationToken);
        if (!written.IsOk)
        {
            return written.Error;
        }

        string? before = null;
        var stored = await NameAsync(hub, blob, upload, began, written.Value, async (write, token) =>
        {
            before = await BlobRows.FindBlockFileAsync(write, hub, blob, blockId, token);
            await BlobRows.PutBlockAsync(write, hub, blob, new BlobBlock { BlockId = blockId, FileName = written.Value, Size = content.Length }, token);
            return true;
        });
        Delete(stored.IsOk && before is not null ? [before] : []);
        return stored;
    }

    /// <summary>Puts blocks together to a file, in this order; the others are dropped.</summary>
    public async Task<Result<StoredBlob>> PutBlockListAsync(HubName hub, string blob, string upload, IReadOnlyList<string> blockIds, string? contentType, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(blockIds);
        var began = time.GetUtcNow().UtcTicks;
        var sent = (await BlocksAsync(hub, blob, cancellationToken)).ToDictionary(block => block.BlockId, StringComparer.Ordinal);
        if (!blockIds.All(sent.ContainsKey))
        {
            return BlobErrors.InvalidBlockList;
        }

        // A block may be named twice.
        var parts = blockIds.Select(id => sent[id]).ToList();
        var size = parts.Sum(part => part.Size);
        if (size > options.MaxFileBytes)
        {
            return BlobErrors.RequestBodyTooLarge;
        }

        // The file takes the place of its blocks; one that is named twice makes it larger than they are.
        using var arrival = arriving.Begin(hub, blob, size);
        var replaced = blockIds.Distinct(StringComparer.Ordinal).Sum(id => sent[id].Size);
        if (await CheckAsync(hub, blob, upload, began, arrival, replaced, cancellationToken) is { } refused)
        {
            return refused;
        }

        var joined = new StoredBlob { FileName = await JoinAsync(parts, cancellationToken), Size = size, ContentType = contentType ?? DefaultContentType };
        return await ReplaceAsync(hub, blob, upload, began, joined);
    }

    /// <summary>Removes files that no row names any more.</summary>
    internal void Delete(IEnumerable<string> fileNames)
    {
        foreach (var name in fileNames)
        {
            try
            {
                File.Delete(PathOf(name));
            }
            catch (IOException)
            {
                // It is removed with other strays, a day from now.
            }
        }
    }

    // One file of the blocks' bytes, synced.
    private async Task<string> JoinAsync(List<BlobBlock> blocks, CancellationToken cancellationToken)
    {
        var name = NewName();
        try
        {
            await using var target = Create(name);
            foreach (var block in blocks)
            {
                await using var source = new FileStream(PathOf(block.FileName), FileMode.Open, FileAccess.Read, FileShare.Read, 0, System.IO.FileOptions.SequentialScan | System.IO.FileOptions.Asynchronous);
                await source.CopyToAsync(target, BufferBytes, cancellationToken);
            }

            await SyncAsync(target);
        }
        catch
        {
            Delete([name]);
            throw;
        }

        return name;
    }

    private static bool IsBlockId(string blockId)
    {
        Span<byte> bytes = stackalloc byte[MaxBlockIdBytes + 3];
        return blockId.Length is > 0 and <= 4 * ((MaxBlockIdBytes + 2) / 3) && Convert.TryFromBase64String(blockId, bytes, out var length) && length is >= 1 and <= MaxBlockIdBytes;
    }

    private async Task<HubError?> CheckAsync(HubName hub, string blob, string upload, long began, ArrivingBytes.Arrival arrival, long replaced, CancellationToken cancellationToken)
    {
        // Twice: clients send again what hangs. Bodies that are announced and do not come must not take the room of the other devices.
        if (arrival.OfDevice > 2 * options.MaxFileBytes)
        {
            return BlobErrors.ServerBusy;
        }

        return await database.ReadAsync(
            async (connection, token) =>
                !await FileUploadRows.IsActiveAsync(connection, null, hub, blob, upload, began, token) ? BlobErrors.UploadNotActive
                : await BlobRows.TotalBytesAsync(connection, hub, token) + arrival.OfHub - replaced > options.MaxTotalBytes ? BlobErrors.InsufficientSpace
                : null,
            cancellationToken);
    }

    // The name of a file that holds the body, synced.
    private async Task<Result<string>> WriteAsync(HubName hub, string blob, string upload, long began, BlobContent content, CancellationToken cancellationToken)
    {
        if (content.Length > options.MaxFileBytes)
        {
            return BlobErrors.RequestBodyTooLarge;
        }

        using var arrival = arriving.Begin(hub, blob, content.Length);
        return await CheckAsync(hub, blob, upload, began, arrival, 0, cancellationToken) is { } refused ? refused : await WriteAsync(content, cancellationToken);
    }

    private async Task<Result<string>> WriteAsync(BlobContent content, CancellationToken cancellationToken)
    {
        var name = NewName();
        HubError? fault;
        using var late = new CancellationTokenSource(MaxArrival, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            await using var file = Create(name);
            fault = await CopyAsync(content, file, ending.Token);
            if (fault is null)
            {
                await SyncAsync(file);
            }
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            fault = BlobErrors.OperationTimedOut;
        }
        catch
        {
            Delete([name]);
            throw;
        }

        if (fault is not null)
        {
            Delete([name]);
            return fault;
        }

        return name;
    }

    private static async Task<HubError?> CopyAsync(BlobContent content, FileStream file, CancellationToken cancellationToken)
    {
#pragma warning disable CA5351 // What clients of Azure Storage send to find transmission errors; it protects nothing.
        using var md5 = content.Md5 is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long total = 0;
            int count;
            while ((count = await content.Body.ReadAsync(buffer, cancellationToken)) > 0)
            {
                total += count;
                if (total > content.Length)
                {
                    return BlobErrors.RequestBodyTooLarge;
                }

                md5?.AppendData(buffer, 0, count);
                await file.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }

            return total < content.Length ? BlobErrors.IncompleteBody
                : md5 is not null && !md5.GetHashAndReset().AsSpan().SequenceEqual(content.Md5) ? BlobErrors.Md5Mismatch
                : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<Result<StoredBlob>> ReplaceAsync(HubName hub, string blob, string upload, long began, StoredBlob fresh)
    {
        var row = fresh with { Changed = time.GetUtcNow().UtcTicks };
        StoredBlob? before = null;
        IReadOnlyList<BlobBlock> blocks = [];
        var stored = await NameAsync(hub, blob, upload, began, fresh.FileName, async (write, token) =>
        {
            before = await BlobRows.FindAsync(write.Connection, write.Transaction, hub, blob, token);
            blocks = await BlobRows.BlocksAsync(write.Connection, write.Transaction, hub, blob, token);
            await BlobRows.PutAsync(write, hub, blob, row, token);
            await BlobRows.RemoveBlocksAsync(write, hub, blob, token);
            return row;
        });
        Delete(stored.IsOk ? blocks.Select(block => block.FileName).Concat(before is null ? [] : [before.FileName]) : []);
        return stored;
    }

    /// <summary>Gives a written file its row, if its upload, in time when the body began, has not ended since; otherwise the file goes. Also when the writer has left: a file without a row would take room that nothing counts.</summary>
    private async Task<Result<T>> NameAsync<T>(HubName hub, string blob, string upload, long began, string fileName, Func<WriteTransaction, CancellationToken, Task<T>> name)
    {
        // After an exception nobody knows whether it has one: then it stays, and goes with other strays if it has none.
        var named = await database.WriteAsync<T>(
            async (write, token) => await FileUploadRows.IsActiveAsync(write.Connection, write.Transaction, hub, blob, upload, began, token) ? await name(write, token) : BlobErrors.UploadNotActive,
            CancellationToken.None);
        Delete(named.IsOk ? [] : [fileName]);
        return named;
    }

    // Off the request's own thread: a disk may take its time.
    private static Task SyncAsync(FileStream file) => Task.Run(() => file.Flush(flushToDisk: true));

    private static string NewName() => Guid.NewGuid().ToString("N");

    private string PathOf(string fileName) => Path.Combine(options.Folder!, fileName);

    private FileStream Create(string name) => new(PathOf(name), new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        Share = FileShare.None,
        BufferSize = 0,
        Options = System.IO.FileOptions.Asynchronous,
    });
}
