using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Gatehouse.Transport.Tls;

/// <summary>The connection's pipe as the stream that TLS runs on. Shows the server's first flight to whoever waits for it.</summary>
/// <remarks>An empty read waits for data without holding a buffer; an idle connection so costs none.</remarks>
internal sealed class PipeStream(IDuplexPipe pipe) : Stream
{
    private readonly PipeReader _input = pipe.Input;
    private readonly PipeWriter _output = pipe.Output;

    /// <summary>Called with what the server writes until it returns true.</summary>
    public Func<ReadOnlyMemory<byte>, bool>? OnWrite { get; set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var result = await _input.ReadAsync(cancellationToken);
            if (result.IsCanceled)
            {
                throw new OperationCanceledException();
            }

            var data = result.Buffer;
            if (data.IsEmpty && !result.IsCompleted)
            {
                _input.AdvanceTo(data.Start, data.End);
                continue;
            }

            var length = (int)Math.Min(data.Length, buffer.Length);
            var taken = data.Slice(0, length);
            taken.CopyTo(buffer.Span);
            _input.AdvanceTo(taken.End);
            return length;
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (OnWrite is { } observer && observer(buffer))
        {
            OnWrite = null;
        }

        return AwaitAsync(_output.WriteAsync(buffer, cancellationToken));
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Only pipes that are completed with unflushed bytes come here.</summary>
    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Waits until the peer sent something or closed.</summary>
    public async ValueTask WaitForDataAsync(CancellationToken cancellationToken)
    {
        var result = await _input.ReadAsync(cancellationToken);
        _input.AdvanceTo(result.Buffer.Start);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask AwaitAsync(ValueTask<FlushResult> flush)
    {
        if ((await flush).IsCompleted)
        {
            throw new IOException("The peer's connection is closed.");
        }
    }
}
