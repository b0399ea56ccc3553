using System.Globalization;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Monitoring;

/// <summary>How far each partition was shown, so that a stream that broke is resumed without loss and without doubles.</summary>
internal sealed class EventPositions
{
    private readonly string from;
    private readonly SortedDictionary<int, long> shown = [];

    /// <param name="from">Where the user wants to start: <c>latest</c>, <c>earliest</c>, <c>offset:N</c> …</param>
    /// <param name="partitions">Every partition to read, with the number of its last event now (−1 for none).</param>
    internal EventPositions(string from, IEnumerable<(int Partition, long Last)> partitions)
    {
        this.from = from;
        foreach (var (partition, last) in partitions)
        {
            Partitions.Add(partition);

            // "latest" is a moment: after a break it must still mean the moment of the first call.
            if (from == "latest")
            {
                shown[partition] = last;
            }
        }
    }

    internal List<int> Partitions { get; } = [];

    /// <summary>One stream of all partitions at first (a hub has few places for readers); one for each partition once there is something to resume.</summary>
    internal IEnumerable<(int? Partition, string From)> Streams(bool isResumed) => Partitions.Count == 1 || isResumed
        ? Partitions.Select(partition => ((int?)partition, shown.TryGetValue(partition, out var last) ? Offset(last) : from))
        : [(null, from)];

    /// <summary>Whether this event is new; remembers it as shown.</summary>
    internal bool Take(JsonNode each)
    {
        var (partition, number) = ((int)each["partition"]!, (long)each["sequenceNumber"]!);
        if (shown.TryGetValue(partition, out var last) && number <= last)
        {
            return false;
        }

        shown[partition] = number;
        return true;
    }

    private static string Offset(long last) => "offset:" + last.ToString(CultureInfo.InvariantCulture);
}
