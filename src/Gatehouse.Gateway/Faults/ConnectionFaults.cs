using Gatehouse.Contracts.Identities;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Faults;

/// <summary>Carries an ordered fault out on an AMQP connection.</summary>
internal static class ConnectionFaults
{
    internal static void Strike(AmqpLink link, IdentityKey identity, FaultOrder order)
    {
        var words = order.Error.Message;
        switch (order.Type)
        {
            case FaultType.KillTcp:
                link.AbortConnection($"a fault that it ordered: {order.Type}");
                break;
            case FaultType.KillAmqpConnection:
                link.CloseConnection(AmqpErrors.Of(AmqpConditions.ConnectionForced, words), $"a fault that it ordered: {order.Type}");
                break;
            case FaultType.ShutDownAmqp:
                link.CloseConnection(null, $"a fault that it ordered: {order.Type}");
                break;
            case FaultType.KillAmqpSession:
                link.EndSession(AmqpErrors.Of(AmqpConditions.DetachForced, words));
                break;
            case FaultType.ShutDownMqtt:
                break;
            default:
                link.DetachLinks((address, peerSends) => IsMeant(order.Type, address, peerSends, identity), AmqpErrors.Of(AmqpConditions.DetachForced, words));
                break;
        }
    }

    // Requests go to the client on the link of methods, and come from it on those of the twin and of $cbs.
    private static bool IsMeant(FaultType type, string address, bool peerSends, IdentityKey identity) => type switch
    {
        FaultType.KillAmqpCBSLinkReq => peerSends && IsCbs(address),
        FaultType.KillAmqpCBSLinkResp => !peerSends && IsCbs(address),
        FaultType.KillAmqpD2CLink => peerSends && IsNode(address, identity, "messages/events"),
        FaultType.KillAmqpC2DLink => !peerSends && (IsNode(address, identity, "messages/devicebound") || IsNode(address, identity, "messages/events")),
        FaultType.KillAmqpTwinLinkReq => peerSends && IsNode(address, identity, "twin"),
        FaultType.KillAmqpTwinLinkResp => !peerSends && IsNode(address, identity, "twin"),
        FaultType.KillAmqpMethodReqLink => !peerSends && IsNode(address, identity, "methods/devicebound"),
        FaultType.KillAmqpMethodRespLink => peerSends && IsNode(address, identity, "methods/devicebound"),
        _ => false,
    };

    private static bool IsCbs(string address) => address.EndsWith("$cbs", StringComparison.OrdinalIgnoreCase);

    // Its own alone: a connection may carry many devices.
    private static bool IsNode(string address, IdentityKey identity, string node)
    {
        if (!AmqpAddress.TryParse(address, out var parsed) || parsed is null)
        {
            return false;
        }

        var of = identity.Module is { } module ? new[] { "devices", identity.Device.Value, "modules", module.Value } : ["devices", identity.Device.Value];
        var wanted = of.Concat(node.Split('/')).ToArray();
        return Matches(parsed.Segments, wanted) || Matches(parsed.RawSegments, wanted);
    }

    private static bool Matches(IReadOnlyList<string> segments, string[] wanted)
    {
        if (segments.Count != wanted.Length)
        {
            return false;
        }

        // Ids with their case, words without.
        for (var i = 0; i < wanted.Length; i++)
        {
            var isId = i == 1 || (i == 3 && wanted[2] == "modules");
            if (!segments[i].Equals(wanted[i], isId ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return true;
    }
}
