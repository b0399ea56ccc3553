using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Gatehouse.Transport;

/// <summary>Meter "Gatehouse.Transport".</summary>
public sealed class TransportMetrics : IDisposable
{
    public const string MeterName = "Gatehouse.Transport";

    private readonly Meter _meter;
    private readonly UpDownCounter<long> _open;
    private readonly Counter<long> _accepted;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _aborted;
    private readonly Counter<long> _handshakes;
    private readonly Histogram<double> _duration;

    public TransportMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _open = _meter.CreateUpDownCounter<long>("gatehouse.transport.connections.open", "{connection}", "Connections open now, by protocol.");
        _accepted = _meter.CreateCounter<long>("gatehouse.transport.connections.accepted", "{connection}", "Connections let in, by protocol.");
        _refused = _meter.CreateCounter<long>("gatehouse.transport.connections.refused", "{connection}", "Connections refused before TLS, by reason.");
        _aborted = _meter.CreateCounter<long>("gatehouse.transport.connections.aborted", "{connection}", "Connections cut by a limit of the front door, by cause.");
        _handshakes = _meter.CreateCounter<long>("gatehouse.transport.tls.handshakes", "{handshake}", "TLS handshakes by version and outcome (full, resumed, failed).");
        _duration = _meter.CreateHistogram<double>("gatehouse.transport.tls.handshake.duration", "s", "Time from accept to the end of the TLS handshake, the peer's round trips included.");
    }

    public void Dispose() => _meter.Dispose();

    internal void Opened(string protocol)
    {
        _accepted.Add(1, new KeyValuePair<string, object?>("protocol", protocol));
        _open.Add(1, new KeyValuePair<string, object?>("protocol", protocol));
    }

    internal void Closed(string protocol) => _open.Add(-1, new KeyValuePair<string, object?>("protocol", protocol));

    internal void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    internal void Aborted(string cause) => _aborted.Add(1, new KeyValuePair<string, object?>("cause", cause));

    internal void Handshake(string version, string outcome, TimeSpan duration)
    {
        _handshakes.Add(1, new TagList { { "tls.version", version }, { "outcome", outcome } });
        _duration.Record(duration.TotalSeconds, new TagList { { "tls.version", version }, { "outcome", outcome } });
    }
}
