using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>What became of a CONNECT.</summary>
internal abstract record ConnectOutcome
{
    private ConnectOutcome()
    {
    }

    /// <param name="Packet">The CONNECT.</param>
    /// <param name="User">Its user name.</param>
    /// <param name="Login">The proof, kept to be judged again.</param>
    /// <param name="Principal">Who it is.</param>
    /// <param name="Changes">Count of changes when the proof was judged.</param>
    internal sealed record Accepted(ConnectPacket Packet, UserName User, DeviceLogin Login, Principal Principal, long Changes) : ConnectOutcome;

    /// <param name="Code">For the CONNACK; null: close without one.</param>
    /// <param name="Reason">For the refusal log.</param>
    /// <param name="Error">Catalogue entry.</param>
    /// <param name="Detail">One sentence for the operator.</param>
    internal sealed record Refused(ConnectReturnCode? Code, RefusalReason Reason, HubError Error, string Detail) : ConnectOutcome
    {
        internal string? HostName { get; init; }

        internal string? Claimed { get; init; }

        /// <summary>The client speaks MQTT 5, whose refusal has another form.</summary>
        internal bool IsVersion5 { get; init; }
    }

    /// <summary>The server cannot judge now; the client may try again.</summary>
    internal sealed record Unavailable : ConnectOutcome;

    /// <summary>The peer left, or sent nothing.</summary>
    internal sealed record Gone : ConnectOutcome;
}
