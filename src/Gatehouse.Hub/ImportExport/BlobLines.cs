using System.Buffers;
using System.IO.Pipelines;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Reads a blob line by line; holds no more than one line of the allowed length, and of a longer one nothing.</summary>
/// <param name="stream">Disposed with this.</param>
/// <param name="maxLineBytes">Of a line.</param>
/// <param name="length">What is to come: a far end that never stops sending is not followed further.</param>
internal sealed class BlobLines(Stream stream, int maxLineBytes, long length) : IAsyncDisposable
{
    private readonly PipeReader reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024));

    private long read;

    /// <summary>Whether more came than was to come.</summary>
    internal bool IsTooLong { get; private set; }

    /// <summary>The next line without its end; null at the end of the blob, or where it is too long.</summary>
    internal async ValueTask<BlobLine?> ReadAsync(CancellationToken cancellationToken)
    {
        long skipped = 0;
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (read + skipped + buffer.Length > length)
            {
                IsTooLong = true;
                reader.AdvanceTo(buffer.End);
                return null;
            }

            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                return Take(buffer.Slice(0, end), buffer.GetPosition(1, end), skipped, 1);
            }

            if (result.IsCompleted)
            {
                return buffer.IsEmpty && skipped == 0 ? null : Take(buffer, buffer.End, skipped, 0);
            }

            if (skipped > 0 || buffer.Length > maxLineBytes)
            {
                skipped += buffer.Length;
                reader.AdvanceTo(buffer.End);
            }
            else
            {
                reader.AdvanceTo(buffer.Start, buffer.End);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await reader.CompleteAsync();
        await stream.DisposeAsync();
    }

    private BlobLine Take(ReadOnlySequence<byte> text, SequencePosition next, long skipped, int endBytes)
    {
        var isTooLong = skipped > 0 || text.Length > maxLineBytes;
        var line = new BlobLine(isTooLong ? default : Trim(text.ToArray()), skipped + text.Length + endBytes, isTooLong);
        reader.AdvanceTo(next);
        read += line.Bytes;
        return line;
    }

    // Lines of Windows end with CR too; a blob may begin with a byte order mark.
    private static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> line)
    {
        line = line.Span.StartsWith("\uFEFF"u8) ? line[3..] : line;
        return line.Trim("\r \t"u8);
    }
}

/// <param name="Text">Without its end.</param>
/// <param name="Bytes">With it.</param>
/// <param name="IsTooLong">Then there is no text.</param>
internal sealed record BlobLine(ReadOnlyMemory<byte> Text, long Bytes, bool IsTooLong);
