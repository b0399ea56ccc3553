using System.Buffers;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Sinks.Blobs;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Writes a blob line by line and sends it in blocks; nothing of it is there before <see cref="CompleteAsync"/>.</summary>
internal sealed class BlobWriter(BlobContainer container, string blob, int blockBytes) : IAsyncDisposable
{
    private readonly ArrayBufferWriter<byte> buffer = new(64 * 1024);
    private int blocks;

    internal bool IsFull => buffer.WrittenCount >= blockBytes;

    internal IBufferWriter<byte> Buffer => buffer;

    internal void WriteLine(string text)
    {
        Encoding.UTF8.GetBytes(text, buffer);
        EndLine();
    }

    internal void EndLine() => buffer.Write("\r\n"u8);

    /// <summary>Sends what is there as a block.</summary>
    internal async Task<HubError?> SendAsync(CancellationToken cancellationToken)
    {
        if (buffer.WrittenCount == 0)
        {
            return null;
        }

        var fault = await container.PutBlockAsync(blob, blocks, buffer.WrittenMemory, cancellationToken);
        blocks++;
        buffer.Clear();
        return fault;
    }

    internal async Task<HubError?> CompleteAsync(CancellationToken cancellationToken) =>
        await SendAsync(cancellationToken) ?? await container.PutBlockListAsync(blob, blocks, cancellationToken);

    // Keys may have been in it.
    public ValueTask DisposeAsync()
    {
        buffer.Clear();
        return ValueTask.CompletedTask;
    }
}
