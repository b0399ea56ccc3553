using System.Collections.Concurrent;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;

namespace Gatehouse.Hub.UseTracking;

/// <summary>Finds which of some keys somebody is connected by, on this node and by asking the others: many keys in one question.</summary>
/// <remarks>
/// Whoever does not answer in time is not heard; what it saw used is written within seconds all the same. A question carries its id and the marks; an answer the id and a bit for each mark, in order.
/// </remarks>
internal sealed class LiveMarks : IDisposable
{
    private const int IdBytes = 16;
    private const int MarkBytes = 12;

    private readonly UseRecorder recorder;
    private readonly ISignals signals;
    private readonly UseOptions options;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<Guid, ConcurrentQueue<byte[]>> asked = new();
    private readonly IDisposable[] subscriptions;

    public LiveMarks(UseRecorder recorder, ISignals signals, UseOptions options, TimeProvider time)
    {
        (this.recorder, this.signals, this.options, this.time) = (recorder, signals, options, time);
        subscriptions = !signals.ReachesOthers ? [] :
        [
            signals.Subscribe(SignalSubjects.CredentialMarksAsked, OnAsked),
            signals.Subscribe(SignalSubjects.CredentialMarksAnswered, OnAnswered),
        ];
    }

    public void Dispose()
    {
        foreach (var subscription in subscriptions)
        {
            subscription.Dispose();
        }
    }

    /// <param name="hub">Tenant.</param>
    /// <param name="marks">As <see cref="Contracts.Credentials.SealedSecret.Mark"/> has them; at most some thousands.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<IReadOnlySet<string>> FindAsync(HubName hub, IReadOnlyCollection<string> marks, CancellationToken cancellationToken)
    {
        var order = marks.Distinct().ToArray();
        if (!signals.ReachesOthers || order.Length == 0)
        {
            return Here(hub, order);
        }

        var id = Guid.NewGuid();
        var answers = asked[id] = new ConcurrentQueue<byte[]>();
        try
        {
            var question = new byte[IdBytes + (order.Length * MarkBytes)];
            id.TryWriteBytes(question);
            for (var at = 0; at < order.Length; at++)
            {
                Convert.FromHexString(order[at]).CopyTo(question, IdBytes + (at * MarkBytes));
            }

            await signals.PublishAsync(new Signal(SignalSubjects.CredentialMarksAsked, hub.Value, "") { Payload = question }, cancellationToken);
            await Task.Delay(options.Patience, time, cancellationToken);
        }
        finally
        {
            asked.TryRemove(id, out _);
        }

        var found = Here(hub, order);
        foreach (var bits in answers.Where(bits => bits.Length == (order.Length + 7) / 8))
        {
            found.UnionWith(order.Where((_, at) => (bits[at / 8] & (1 << (at % 8))) != 0));
        }

        return found;
    }

    private HashSet<string> Here(HubName hub, string[] marks)
    {
        var wanted = new HashSet<string>(marks, StringComparer.Ordinal);
        wanted.IntersectWith(recorder.Live(hub).Select(static each => each.Principal.CredentialMark));
        return wanted;
    }

    private void OnAsked(Signal signal)
    {
        // This node hears itself too; it looks by itself.
        var length = signal.Payload.Length - IdBytes;
        if (length > 0 && length % MarkBytes == 0 && !asked.ContainsKey(new Guid(signal.Payload.Span[..IdBytes])) && HubName.TryParse(signal.Hub, out var hub))
        {
            // Sessions are many; whoever delivers signals must not wait for them to be looked through.
            _ = Task.Run(() => AnswerAsync(hub, signal.Payload));
        }
    }

    private async Task AnswerAsync(HubName hub, ReadOnlyMemory<byte> question)
    {
        var marks = new string[(question.Length - IdBytes) / MarkBytes];
        for (var at = 0; at < marks.Length; at++)
        {
            marks[at] = Convert.ToHexString(question.Span.Slice(IdBytes + (at * MarkBytes), MarkBytes));
        }

        var here = Here(hub, marks);
        var answer = new byte[IdBytes + ((marks.Length + 7) / 8)];
        question.Span[..IdBytes].CopyTo(answer);
        for (var at = 0; at < marks.Length; at++)
        {
            answer[IdBytes + (at / 8)] |= (byte)(here.Contains(marks[at]) ? 1 << (at % 8) : 0);
        }

        await signals.PublishAsync(new Signal(SignalSubjects.CredentialMarksAnswered, hub.Value, "") { Payload = answer }, CancellationToken.None);
    }

    private void OnAnswered(Signal signal)
    {
        if (signal.Payload.Length > IdBytes && asked.TryGetValue(new Guid(signal.Payload.Span[..IdBytes]), out var answers))
        {
            answers.Enqueue(signal.Payload[IdBytes..].ToArray());
        }
    }
}
