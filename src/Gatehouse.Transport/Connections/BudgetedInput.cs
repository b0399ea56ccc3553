using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Gatehouse.Transport.Connections;

/// <summary>Cuts a peer that sends more than its budget before it is known. Afterwards it only hands through.</summary>
internal sealed class BudgetedInput(PipeReader inner, ConnectionWatch watch, int budgetBytes) : PipeReader
{
    private long _consumed;
    private System.Buffers.ReadOnlySequence<byte> _last;

    /// <summary>Whether the peer, while unknown, has sent anything.</summary>
    public bool HasReceived { get; private set; }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        watch.IsKnown ? inner.ReadAsync(cancellationToken) : ReadCountedAsync(cancellationToken);

    public override bool TryRead(out ReadResult result)
    {
        var any = inner.TryRead(out result);
        if (any && !watch.IsKnown)
        {
            Count(result);
        }

        return any;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_last.IsEmpty)
        {
            _consumed += _last.Slice(0, consumed).Length;
            _last = default;
        }

        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadCountedAsync(CancellationToken cancellationToken)
    {
        var result = await inner.ReadAsync(cancellationToken);
        if (!watch.IsKnown)
        {
            Count(result);
        }

        return result;
    }

    private void Count(ReadResult result)
    {
        _last = result.Buffer;
        HasReceived |= !_last.IsEmpty;
        if (_consumed + _last.Length > budgetBytes)
        {
            watch.Abort($"more than {budgetBytes} bytes before authentication", "authentication_bytes");
            throw new IOException("The connection was cut: too many bytes before authentication.");
        }
    }
}
