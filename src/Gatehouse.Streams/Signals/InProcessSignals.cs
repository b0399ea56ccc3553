using Gatehouse.Contracts.Signals;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Streams.Signals;

/// <summary>Signals of a server that is alone: handlers run on the caller's thread, before the publish returns.</summary>
internal sealed class InProcessSignals(ILogger<InProcessSignals> log) : ISignals
{
    private readonly SignalHandlers handlers = new(log);

    public bool ReachesOthers => false;

    public ValueTask PublishAsync(Signal signal, CancellationToken cancellationToken)
    {
        handlers.Tell(signal);
        return ValueTask.CompletedTask;
    }

    public IDisposable Subscribe(string subject, Action<Signal> handler) => handlers.Add(subject, handler);
}
