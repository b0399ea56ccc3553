using System.Buffers;
using System.Globalization;
using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Gateway.Sessions;
using Gatehouse.Hub.Throttling;
using Gatehouse.Hub.Twins;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>The twin as one session's device sees it: reads, reported patches and desired changes. Requests are taken in order and answered in order; a bounded number is under way.</summary>
internal sealed class MqttTwin(GatewayParts parts, Principal principal, DeviceShare? share, PacketSender sender, Action<string> end) : IDisposable
{
    private readonly Lock gate = new();
    private readonly OwnTwin twin = new(parts, principal, share);
    private Task last = Task.CompletedTask;
    private int underWay;
    private bool isAnswered;
    private IDisposable? watch;

    /// <summary>Follows the session's subscriptions: whether answers are sent, and whether desired changes are.</summary>
    internal void Apply(bool answers, bool desired)
    {
        Volatile.Write(ref isAnswered, answers);
        lock (gate)
        {
            if (desired && watch is null)
            {
                watch = parts.Twins.WatchDesired(principal.Hub, principal.Identity!.Value, OnDesired);
            }
            else if (!desired)
            {
                watch?.Dispose();
                watch = null;
            }
        }
    }

    /// <summary>When too many requests are under way, waits for them: what the client sends next waits in its socket.</summary>
    /// <param name="pause">Longest wait.</param>
    /// <returns>Whether there is room.</returns>
    internal async ValueTask<bool> WaitForRoomAsync(TimeSpan pause)
    {
        if (Volatile.Read(ref underWay) < parts.Options.MaxTwinRequests)
        {
            return true;
        }

        await last.WaitAsync(pause, parts.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!last.IsCompleted)
        {
            return false;
        }

        await last;
        return true;
    }

    internal void Begin(in ReservedTopic topic, in ReadOnlySequence<byte> payload)
    {
        Interlocked.Increment(ref underWay);
        var requestId = Encoding.UTF8.GetString(topic.RequestId);
        last = topic.Kind == ReservedTopicKind.TwinGet
            ? ReadAsync(last, requestId, twin.Now)
            : ReportAsync(last, requestId, twin.ReportAsync(payload.IsSingleSegment ? payload.First : payload.ToArray(), topic.Version));
    }

    public void Dispose()
    {
        Apply(answers: false, desired: false);
        twin.End();
    }

    private async Task ReadAsync(Task before, string requestId, long arrived)
    {
        try
        {
            await before;
            var properties = await twin.ReadAsync(arrived);
            await (properties.IsOk ? AnswerAsync($"200/?$rid={requestId}", properties.Value) : FailAsync(requestId, properties.Error));
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            await BreakAsync(requestId, error);
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }
    }

    private async Task ReportAsync(Task before, string requestId, Task<Result<long>> report)
    {
        try
        {
            await before;
            var version = await report;
            await (version.IsOk ? AnswerAsync($"204/?$rid={requestId}&$version={version.Value.ToString(CultureInfo.InvariantCulture)}", default) : FailAsync(requestId, version.Error));
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            await BreakAsync(requestId, error);
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }
    }

    private Task BreakAsync(string requestId, Exception error)
    {
        parts.Log.TwinRequestFailed(principal.Hub.Value, principal.Identity!.Value.ToString(), error);
        return FailAsync(requestId, HubErrors.ServerError);
    }

    private Task FailAsync(string requestId, HubError error) => AnswerAsync($"{error.HttpStatus}/?$rid={requestId}", DeviceErrorBody.Encode(error, parts.Time.GetUtcNow()));

    private async Task AnswerAsync(string rest, ReadOnlyMemory<byte> body)
    {
        if (!Volatile.Read(ref isAnswered))
        {
            return;
        }

        var topic = Encoding.UTF8.GetBytes($"$iothub/twin/res/{rest}");
        while (!sender.TryPublish(topic, body.Span))
        {
            await sender.DrainAsync();
        }

        sender.ScheduleFlush();
    }

    private void End(string reason) => end(reason);

    private void OnDesired(DesiredChange change)
    {
        if (!sender.TryPublish(Encoding.UTF8.GetBytes($"$iothub/twin/PATCH/properties/desired/?$version={change.Version}"), change.Json.Span, isUrgent: true))
        {
            // A change that was left out would never be seen; a device that connects again reads the twin. Not on the writer's thread: ending takes locks.
            ThreadPool.UnsafeQueueUserWorkItem(static owner => owner.End("the client does not read its desired properties"), this, preferLocal: false);
            return;
        }

        sender.ScheduleFlush();
    }
}
