namespace Gatehouse.Sinks;

/// <summary>The far end of a custom endpoint. Called by one caller at a time per partition; must be disposed.</summary>
public interface ISink : IAsyncDisposable
{
    /// <summary>How much the sink wants at once.</summary>
    SinkBatching Batching { get; }

    /// <summary>Hands over a batch, in order. Expected failures are outcomes; an exception counts as <see cref="SinkResult.Failed"/>.</summary>
    Task<SinkOutcome> SendAsync(SinkBatch batch, CancellationToken cancellationToken);
}
