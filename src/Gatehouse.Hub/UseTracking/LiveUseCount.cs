using System.Buffers.Binary;
using System.Collections.Concurrent;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;

namespace Gatehouse.Hub.UseTracking;

/// <summary>Counts who is connected by a credential, on this node and by asking the others.</summary>
/// <remarks>Nobody knows how many nodes there are: whoever does not answer in time is not counted, and the answer says how many did. A question carries its id in the payload; an answer the id, then the count.</remarks>
public sealed class LiveUseCount : IDisposable
{
    private const int IdBytes = 16;

    private readonly UseRecorder recorder;
    private readonly ISignals signals;
    private readonly UseOptions options;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<Guid, ConcurrentQueue<int>> asked = new();
    private readonly IDisposable[] subscriptions;

    public LiveUseCount(UseRecorder recorder, ISignals signals, UseOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(signals);
        (this.recorder, this.signals, this.options, this.time) = (recorder, signals, options, time);
        subscriptions = !signals.ReachesOthers ? [] :
        [
            signals.Subscribe(SignalSubjects.CredentialUseAsked, OnAsked),
            signals.Subscribe(SignalSubjects.CredentialUseAnswered, OnAnswered),
        ];
    }

    public void Dispose()
    {
        foreach (var subscription in subscriptions)
        {
            subscription.Dispose();
        }
    }

    internal async Task<LiveCount> CountAsync(HubName hub, CredentialSelector selector, CancellationToken cancellationToken)
    {
        if (!signals.ReachesOthers)
        {
            return new LiveCount(Here(hub, selector), 0, 0);
        }

        var id = Guid.NewGuid();
        var answers = asked[id] = new ConcurrentQueue<int>();
        try
        {
            await signals.PublishAsync(new Signal(SignalSubjects.CredentialUseAsked, hub.Value, selector.Text) { Payload = id.ToByteArray() }, cancellationToken);
            await Task.Delay(options.Patience, time, cancellationToken);
        }
        finally
        {
            asked.TryRemove(id, out _);
        }

        return new LiveCount(Here(hub, selector), answers.Sum(), answers.Count);
    }

    private int Here(HubName hub, CredentialSelector selector) => recorder.Live(hub).Count(selector.Matches);

    private void OnAsked(Signal signal)
    {
        // This node hears itself too; it counts by itself.
        if (signal.Payload.Length != IdBytes || asked.ContainsKey(new Guid(signal.Payload.Span)) || !HubName.TryParse(signal.Hub, out var hub))
        {
            return;
        }

        var selector = CredentialSelector.Parse(signal.Key);
        if (selector.IsOk)
        {
            // Sessions are many; whoever delivers signals must not wait for them to be counted.
            _ = Task.Run(() => AnswerAsync(hub, selector.Value, signal.Payload));
        }
    }

    private async Task AnswerAsync(HubName hub, CredentialSelector selector, ReadOnlyMemory<byte> id)
    {
        var answer = new byte[IdBytes + sizeof(int)];
        id.Span.CopyTo(answer);
        BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(IdBytes), Here(hub, selector));
        await signals.PublishAsync(new Signal(SignalSubjects.CredentialUseAnswered, hub.Value, selector.Text) { Payload = answer }, CancellationToken.None);
    }

    private void OnAnswered(Signal signal)
    {
        if (signal.Payload.Length == IdBytes + sizeof(int) && asked.TryGetValue(new Guid(signal.Payload.Span[..IdBytes]), out var answers))
        {
            answers.Enqueue(BinaryPrimitives.ReadInt32BigEndian(signal.Payload.Span[IdBytes..]));
        }
    }
}
