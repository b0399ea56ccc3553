using System.Net;
using Gatehouse.Transport.Connections;
using Gatehouse.Transport.Tests.Amqp;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Transport.Tests;

public sealed class ConnectionWatchTests
{
    [Fact]
    public void A_beat_that_comes_late_does_not_count_against_a_connection_that_has_just_begun()
    {
        var time = new FakeTimeProvider();
        var clock = new CoarseClock(time);
        using var metrics = new TransportMetrics(new MeterSource());
        using var table = new ConnectionTable(new Admission.Gate(new Admission.ConnectionLimits()), new TransportOptions { Tls = null! }, clock, metrics, NullLogger<ConnectionTable>.Instance);
        var watch = new ConnectionWatch(new DefaultConnectionContext(), table, IPAddress.Loopback, "mqtt");
        watch.StopAuthenticationClock();
        clock.Beat();

        // The machine is busy: no beat for half a minute.
        time.Advance(TimeSpan.FromSeconds(30));
        watch.SetIdleTimeout(TimeSpan.FromSeconds(1.5));

        Assert.Null(DueAfter(TimeSpan.FromSeconds(1.5)));
        Assert.Equal("idle", DueAfter(TimeSpan.FromSeconds(1))?.Cause);

        (string Reason, string Cause)? DueAfter(TimeSpan passed)
        {
            time.Advance(passed);
            clock.Beat();
            return watch.Due(clock.Now, time.GetUtcNow().UtcTicks);
        }
    }
}
