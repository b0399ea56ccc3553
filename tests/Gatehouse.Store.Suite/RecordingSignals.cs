using System.Collections.Concurrent;
using Gatehouse.Contracts.Signals;

namespace Gatehouse.Store.Suite;

/// <summary>Keeps what was said, and may look around at that moment.</summary>
public sealed class RecordingSignals : ISignals
{
    private readonly ConcurrentQueue<Signal> said = new();

    public IReadOnlyList<Signal> Said => [.. said];

    public bool ReachesOthers => false;

    internal Func<Signal, Task>? OnSaid { get; set; }

    public async ValueTask PublishAsync(Signal signal, CancellationToken cancellationToken)
    {
        if (OnSaid is { } look)
        {
            await look(signal);
        }

        said.Enqueue(signal);
    }

    public IDisposable Subscribe(string subject, Action<Signal> handler) => throw new NotSupportedException("Nothing in the store listens.");
}
