using System.Text;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Sinks.Tests;

/// <summary>Events as the hub stores them.</summary>
internal static class Events
{
    internal static SinkEvent Of(long number, string body)
    {
        var buffer = new byte[256];
        var writer = new EventWriter(buffer);
        writer.TryAdd(EventField.ConnectionDeviceId, "d1"u8);
        return new SinkEvent(number, DateTimeOffset.UnixEpoch, (byte[])[.. writer.Complete(), .. Encoding.UTF8.GetBytes(body)]);
    }

    internal static SinkBatch Batch(params IReadOnlyList<SinkEvent> events) => new() { Hub = "gatehouse", Endpoint = "e", Partition = 0, Events = events };
}
