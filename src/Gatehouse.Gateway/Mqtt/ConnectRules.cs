using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Identity;
using Gatehouse.Transport;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>Judges a CONNECT. Every refusal of a proof is return code 5, as with the service; a proof that could not be judged is 3.</summary>
internal sealed class ConnectRules(GatewayParts parts)
{
    internal async ValueTask<ConnectOutcome> JudgeAsync(ConnectPacket packet, PeerInfo peer, CancellationToken cancellationToken)
    {
        if (!IdentityKey.TryParse(packet.ClientId, out var identity))
        {
            return Malformed(packet, "The client id must be the device id, or device id/module id.");
        }

        if (packet.UserName is null || !UserName.TryParse(packet.UserName, packet.ClientId, out var user))
        {
            return Malformed(packet, "The user name must be {host}/{client id}/?api-version=…; host and client id must be those of the connection string.");
        }

        if (packet.Will is { } will && DescribeWillFault(will, identity) is { } fault)
        {
            return Malformed(packet, fault) with { HostName = user!.HostName };
        }

        var login = new DeviceLogin(user!.HostName, identity, packet.Password, peer.Certificate) { RemoteAddress = (peer.RemoteEndPoint as IPEndPoint)?.Address };
        var changes = parts.Sessions.Changes;
        return await parts.Authenticator.AuthenticateAsync(login, cancellationToken) switch
        {
            Verdict.Accepted accepted when packet.Will is not null && !Operations.SendTelemetry.IsAllowed(accepted.Principal.Rights) =>
                Refused(packet, user, RefusalReason.TokenScopeWrong, HubErrors.IotHubUnauthorized, "The CONNECT has a will, which is telemetry, and the token is made for another part of the device."),
            Verdict.Accepted accepted when Operations.ConnectDevice.IsAllowed(accepted.Principal.Rights) =>
                new ConnectOutcome.Accepted(packet, user, login, accepted.Principal, changes),
            Verdict.Refused refused => Refused(packet, user, refused.Reason, refused.Error, refused.Detail),
            _ => Refused(packet, user, RefusalReason.PolicyLacksRight, HubErrors.IotHubUnauthorized, "The credential does not hold DeviceConnect."),
        };
    }

    internal static ConnectOutcome.Refused Malformed(MqttFault fault) => new(
        fault is MqttFault.Version3 or MqttFault.UnknownProtocol ? ConnectReturnCode.UnacceptableProtocolVersion : null,
        RefusalReason.ProtocolViolation,
        HubErrors.GenericBadRequest,
        $"The CONNECT is malformed: {fault.Describe()}.")
    {
        IsVersion5 = fault == MqttFault.Version5,
    };

    /// <summary>Return code 3: SDKs try again later. Source: device-plane §1.2 of the wire reference.</summary>
    internal static ConnectOutcome.Refused Throttled(ConnectOutcome.Accepted accepted, HubError error) =>
        new(ConnectReturnCode.ServerUnavailable, RefusalReason.Throttled, error, error.Message) { Claimed = accepted.Packet.ClientId, HostName = accepted.User.HostName };

    private static ConnectOutcome.Refused Malformed(ConnectPacket packet, string detail) =>
        new(ConnectReturnCode.NotAuthorized, RefusalReason.ProtocolViolation, HubErrors.GenericBadRequest, detail) { Claimed = packet.ClientId };

    private static ConnectOutcome.Refused Refused(ConnectPacket packet, UserName user, RefusalReason reason, HubError error, string detail) =>
        new(error.IsTransient ? ConnectReturnCode.ServerUnavailable : ConnectReturnCode.NotAuthorized, reason, error, detail) { Claimed = packet.ClientId, HostName = user.HostName };

    private static string? DescribeWillFault(ConnectWill will, IdentityKey identity)
    {
        if (will.Qos > 1)
        {
            return "The will has QoS 2; 0 and 1 are supported.";
        }

        return new TelemetryTopic(identity).TryMatch(will.Topic.Span, out _) ? null : "The will's topic must be the telemetry topic of the same identity.";
    }
}
