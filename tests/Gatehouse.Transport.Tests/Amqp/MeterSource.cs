using System.Diagnostics.Metrics;

namespace Gatehouse.Transport.Tests.Amqp;

/// <summary>Meters that nobody listens to.</summary>
internal sealed class MeterSource : IMeterFactory
{
    public Meter Create(MeterOptions options) => new(options);

    public void Dispose()
    {
    }
}
