using System.Collections.Concurrent;
using System.Collections.Immutable;
using Gatehouse.Contracts.Signals;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Streams.Signals;

/// <summary>The handlers of this process, by subject. A handler that throws is logged and does not keep the others from hearing.</summary>
internal sealed class SignalHandlers(ILogger log)
{
    private readonly ConcurrentDictionary<string, ImmutableArray<Action<Signal>>> bySubject = new(StringComparer.Ordinal);

    internal ICollection<string> Subjects => bySubject.Keys;

    internal IDisposable Add(string subject, Action<Signal> handler)
    {
        bySubject.AddOrUpdate(subject, static (_, added) => [added], static (_, present, added) => present.Add(added), handler);
        return new Subscription(this, subject, handler);
    }

    internal void Tell(Signal signal)
    {
        if (!bySubject.TryGetValue(signal.Subject, out var handlers))
        {
            return;
        }

        foreach (var handler in handlers)
        {
            try
            {
                handler(signal);
            }
            catch (Exception error)
            {
                log.SignalHandlerFailed(signal.Subject, error);
            }
        }
    }

    private void Remove(string subject, Action<Signal> handler) =>
        bySubject.AddOrUpdate(subject, static (_, _) => [], static (_, present, removed) => present.Remove(removed), handler);

    private sealed class Subscription(SignalHandlers owner, string subject, Action<Signal> handler) : IDisposable
    {
        private int disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) == 0)
            {
                owner.Remove(subject, handler);
            }
        }
    }
}
