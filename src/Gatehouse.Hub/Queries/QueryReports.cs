using System.Collections.Concurrent;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Queries;

/// <summary>Tells the operator of slow and refused queries; of the latter once a minute and hub at most.</summary>
internal sealed class QueryReports(QueryOptions options, QueryMetrics metrics, TimeProvider time, ILogger<Queries> log)
{
    private const int MaxTextCharacters = 500;

    private readonly ConcurrentDictionary<HubName, Refusals> refusals = new();

    internal long Start() => time.GetTimestamp();

    internal void Answered(HubName hub, string text, long started, Result<QueryPage> answer)
    {
        var elapsed = time.GetElapsedTime(started);
        metrics.Answered(answer.Error?.Name ?? "ok", elapsed);
        if (elapsed >= options.SlowAfter)
        {
            log.SlowQuery(hub.Value, elapsed.TotalSeconds);
            log.SlowQueryText(hub.Value, OneLine(text));
        }

        if (answer.Error is { } error)
        {
            Refused(hub, error);
        }
    }

    private void Refused(HubName hub, HubError error)
    {
        metrics.Refused(error.Name);
        var ofHub = refusals.GetOrAdd(hub, static _ => new Refusals());
        Interlocked.Increment(ref ofHub.Count);
        var now = time.GetTimestamp();
        var last = Interlocked.Read(ref ofHub.LastLine);
        if ((last == 0 || time.GetElapsedTime(last, now) >= TimeSpan.FromMinutes(1)) && Interlocked.CompareExchange(ref ofHub.LastLine, now, last) == last)
        {
            log.QueriesRefused(hub.Value, Interlocked.Exchange(ref ofHub.Count, 0), error.Name);
        }
    }

    private static string OneLine(string text) =>
        string.Create(Math.Min(text.Length, MaxTextCharacters), text, static (line, from) =>
        {
            for (var i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(from[i]) ? ' ' : from[i];
            }
        });

    /// <summary>Of one hub, since its last line.</summary>
    private sealed class Refusals
    {
        internal long Count;
        internal long LastLine;
    }
}
