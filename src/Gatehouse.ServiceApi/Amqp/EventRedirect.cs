using System.Globalization;
using Gatehouse.Contracts.Identities;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.ServiceApi.Amqp;

/// <summary>Sends a reader of <c>messages/events</c> on to the entity, on the same host.</summary>
/// <remarks>Source: service-plane §7.4 of the wire reference: azure-iot-cli takes the second path segment of <c>address</c>, Explorer what stands between the port and <c>/$management</c>.</remarks>
internal static class EventRedirect
{
    /// <param name="request">The link.</param>
    /// <param name="entity">The hub, whose name the entity has.</param>
    /// <param name="suffix">What followed <c>messages/events</c>.</param>
    /// <param name="port">For clients that gave none.</param>
    internal static AmqpError To(LinkRequest request, HubName entity, string suffix, int port)
    {
        var host = request.Address.Host ?? request.Peer.HostName;
        port = PortOf(request.Address.Text) ?? port;
        var address = string.Create(CultureInfo.InvariantCulture, $"amqps://{host}:{port}/{entity}{suffix}");
        var info = new AmqpMap();
        info.AddSymbol("hostname", host);
        info.AddSymbol("network-host", host);
        info.AddSymbol("port", port);
        info.AddSymbol("address", address);
        info.AddSymbol(AmqpConditions.TrackingIdKey, $"{Guid.NewGuid():N}");
        return new AmqpError { Condition = AmqpConditions.LinkRedirect, Description = address, Info = info };
    }

    // The port that the client used is the one that leads here, whatever is mapped in between.
    private static int? PortOf(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Port > 0 ? uri.Port : null;
}
