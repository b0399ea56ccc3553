using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Methods;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>Direct methods of one session: requests go out as PUBLISH of QoS 0, answers come back by the request's id. Made when the session subscribes.</summary>
internal sealed class MqttMethods : IMethodTarget, IDisposable
{
    private readonly PacketSender sender;
    private readonly Action<string> end;
    private readonly ServedMethods served;

    internal MqttMethods(GatewayParts parts, Principal principal, PacketSender sender, Action<string> end)
    {
        (this.sender, this.end) = (sender, end);
        served = parts.Methods.Open(principal.Hub, principal.Identity!.Value, principal.GenerationId, this);
    }

    /// <summary>Takes the methods over, from an older session if there is one; nothing when this one was disposed meanwhile.</summary>
    internal void Begin() => served.Begin();

    // Nothing may follow the id: C# takes the whole rest for it.
    public bool TryInvoke(in MethodRequest request)
    {
        if (!sender.TryPublish(Encoding.UTF8.GetBytes($"$iothub/methods/POST/{request.Name}/?$rid={request.Id}"), request.Payload.Span))
        {
            return false;
        }

        sender.ScheduleFlush();
        return true;
    }

    public void Displace() => end(HubErrors.ConnectionForcefullyClosedOnNewConnection.Message);

    /// <summary>Ids that are not ours are as unknown as late ones.</summary>
    internal void Answer(ReadOnlySpan<byte> requestId, int status, in ReadOnlySequence<byte> payload)
    {
        if (Utf8Parser.TryParse(requestId, out Guid id, out var used) && used == requestId.Length)
        {
            served.Answer(id, status, payload.ToArray());
        }
    }

    public void Dispose() => served.Dispose();
}
