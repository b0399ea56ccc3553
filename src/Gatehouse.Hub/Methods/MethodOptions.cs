namespace Gatehouse.Hub.Methods;

/// <summary>Limits of direct methods.</summary>
public sealed record MethodOptions
{
    /// <summary>Largest payload of a call, and of an answer.</summary>
    /// <remarks>Bytes of JSON; 1,024–196,608, default 131,072 (128 KB). A larger call: MessageTooLarge (413001); a larger answer: GenericBadGateway (502000). Source: IoT Hub "Quotas and throttling" page.</remarks>
    public int MaxPayloadBytes { get; init; } = 128 * 1024;

    /// <summary>Calls that one device or module may have under way, those that wait for it to connect included.</summary>
    /// <remarks>1–10,000, default 100. One more: DeviceMaximumInflightMethodExceeded (403800). Source: the code is documented, the number is ours.</remarks>
    public int MaxCallsPerDevice { get; init; } = 100;

    /// <summary>Calls that a hub may have under way on one node.</summary>
    /// <remarks>1–1,000,000, default 10,000. One more: ThrottlingException (429001). Source: own.</remarks>
    public int MaxCallsPerHub { get; init; } = 10_000;

    /// <summary>Bytes of payloads that a hub may have under way on one node.</summary>
    /// <remarks>1 MiB–4 GiB, default 64 MiB. More: ThrottlingException (429001). Source: own.</remarks>
    public long MaxPayloadBytesPerHub { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long other nodes have to say that the device is connected to them, when it is not to this one and the caller does not want to wait.</summary>
    /// <remarks>50 ms–10 s, default 1 s; not waited for by a server that is alone. Source: own.</remarks>
    public TimeSpan PeerPatience { get; init; } = TimeSpan.FromSeconds(1);
}
