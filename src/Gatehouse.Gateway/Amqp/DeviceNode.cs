using Gatehouse.Contracts.Identities;
using Gatehouse.Transport.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>What a link of a device or module is for.</summary>
internal enum DeviceNodeKind
{
    /// <summary>The peer sends telemetry.</summary>
    Telemetry,

    /// <summary>A device receives its messages.</summary>
    DeviceBound,

    /// <summary>A module receives its inputs.</summary>
    Inputs,

    /// <summary>Direct methods: the device receives requests and sends answers.</summary>
    Methods,

    /// <summary>The device's twin: it sends requests and receives answers.</summary>
    Twin,

    /// <summary>No node of the service.</summary>
    Unknown,
}

/// <summary>
/// Address of a device's node: <c>/devices/{d}[/modules/{m}]/…</c>, followed by <c>messages/events</c>, <c>messages/devicebound</c>,
/// <c>methods/devicebound</c> or <c>twin</c>. The direction counts too: who receives from <c>messages/events</c> is a module that wants its inputs.
/// </summary>
/// <remarks>Source: device-plane §2.4 of the wire reference.</remarks>
internal readonly record struct DeviceNode(IdentityKey Identity, DeviceNodeKind Kind)
{
    /// <summary>False when the address names no device.</summary>
    /// <param name="segments">Of the address, decoded or as the peer wrote them.</param>
    /// <param name="peerSends">Direction.</param>
    /// <param name="node">The node.</param>
    internal static bool TryParse(IReadOnlyList<string> segments, bool peerSends, out DeviceNode node)
    {
        node = default;
        if (segments.Count < 2 || !Is(segments[0], "devices") || !DeviceId.TryParse(segments[1], out var device))
        {
            return false;
        }

        if (segments.Count < 4 || !Is(segments[2], "modules"))
        {
            node = new DeviceNode(new IdentityKey(device), KindOf(segments, 2, peerSends, isModule: false));
            return true;
        }

        var isModule = ModuleId.TryParse(segments[3], out var module);
        node = new DeviceNode(new IdentityKey(device, module), KindOf(segments, 4, peerSends, isModule: true));
        return isModule;
    }

    /// <summary>Whether the address is below <c>/devices</c>.</summary>
    internal static bool IsOfDevices(AmqpAddress address) => address.Segments.Count > 1 && Is(address.Segments[0], "devices");

    private static DeviceNodeKind KindOf(IReadOnlyList<string> segments, int from, bool peerSends, bool isModule) => (segments.Count - from) switch
    {
        2 when Is(segments[from], "messages") && Is(segments[from + 1], "events") => peerSends ? DeviceNodeKind.Telemetry : isModule ? DeviceNodeKind.Inputs : DeviceNodeKind.Unknown,
        2 when Is(segments[from], "messages") && Is(segments[from + 1], "devicebound") && !peerSends => isModule ? DeviceNodeKind.Inputs : DeviceNodeKind.DeviceBound,
        2 when Is(segments[from], "methods") && Is(segments[from + 1], "devicebound") => DeviceNodeKind.Methods,
        1 when Is(segments[from], "twin") => DeviceNodeKind.Twin,
        _ => DeviceNodeKind.Unknown,
    };

    private static bool Is(string segment, string word) => segment.Equals(word, StringComparison.OrdinalIgnoreCase);
}
