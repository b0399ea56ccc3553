using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Gatehouse.Transport.Tests;

/// <summary>Sums of the counters of one host, by name and tag values.</summary>
internal sealed class Meters : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _sums = new();

    public Meters(IMeterFactory factory)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == TransportMetrics.MeterName && ReferenceEquals(instrument.Meter.Scope, factory))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var key = instrument.Name;
            foreach (var tag in tags)
            {
                key += $" {tag.Value}";
            }

            _sums.AddOrUpdate(key, value, (_, sum) => sum + value);
        });
        _listener.Start();
    }

    /// <summary>For example <c>connections.refused too_many</c>.</summary>
    public long this[string name] => _sums.GetValueOrDefault("gatehouse.transport." + name);

    public void Dispose() => _listener.Dispose();
}
