using System.Globalization;
using System.Text;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Routing.Outbox;

namespace Gatehouse.Hub.Connections;

/// <summary>A connection state as routes are told of it.</summary>
/// <param name="State">Whose.</param>
/// <param name="IsConnected">What it became.</param>
/// <param name="Changed">When, in ticks.</param>
internal sealed record ConnectionEvent(ConnectionState State, bool IsConnected, long Changed)
{
    internal HubMadeEvent ToEvent()
    {
        var time = new DateTimeOffset(Changed, TimeSpan.Zero);
        var body = $$"""{"sequenceNumber":"{{SequenceNumber(time)}}"}""";
        return new HubMadeEvent(State.Hub, State.Identity, RouteSource.DeviceConnectionStateEvents, IsConnected ? "deviceConnected" : "deviceDisconnected", time, Encoding.ASCII.GetBytes(body));
    }

    /// <summary>64 hexadecimal digits that rise with each event of a device, in the form of the service: after sixteen zeros the time, 100 ns since 1601.</summary>
    /// <remarks>A new owner of a name may connect in the very moment in which the last one is cut: connecting is then the later.</remarks>
    private string SequenceNumber(DateTimeOffset time) => string.Create(CultureInfo.InvariantCulture, $"{0:X16}{time.UtcDateTime.ToFileTimeUtc():X16}{(IsConnected ? 2 : 1):X8}{0:X24}");
}
