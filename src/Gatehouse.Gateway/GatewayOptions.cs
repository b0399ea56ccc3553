namespace Gatehouse.Gateway;

/// <summary>Settings of the device plane.</summary>
public sealed record GatewayOptions
{
    /// <summary>How long a connection may outlive its SAS token. 0–1 h, default 10 min.</summary>
    /// <remarks>The C# client relies on being cut after the token's end; the others renew before it. Source: IoT Hub "Troubleshoot connectivity" page.</remarks>
    public TimeSpan TokenGrace { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Bytes that may wait for a client that does not read, or for the credit of a link; more ends the connection or the link, and a call of a method is refused. 1 KiB–16 MiB, default 256 KiB (65,536 PUBACKs, all that can be outstanding).</summary>
    public int MaxUnreadBytes { get; init; } = 256 * 1024;

    /// <summary>Messages that a device may have under way on one AMQP link. 1–10,000, default 200: a device sends little, and an SDK's window is smaller.</summary>
    public int AmqpCredit { get; init; } = 200;

    /// <summary>Messages in one AMQP batch. 1–50,000, default 5,000; the whole batch is no larger than a message may be.</summary>
    /// <remarks>Source: ours. The C client sends everything in batches; 262,144 bytes hold about that many of the smallest messages that make sense.</remarks>
    public int MaxBatchMessages { get; init; } = 5_000;

    /// <summary>Twin requests that an MQTT session or an AMQP link may have under way; what it sends next waits. 1–1,000, default 16. Source: own.</summary>
    public int MaxTwinRequests { get; init; } = 16;

    /// <summary>Messages that an MQTT device may have unacknowledged. 1–1,000, default 16; the rest waits in its queue. Source: own.</summary>
    public int MessageWindow { get; init; } = 16;

    /// <summary>Filters in one SUBSCRIBE. 5–1,000, default 50; the service documents 5 subscriptions per device, clients send up to 5 at once.</summary>
    public int MaxFilters { get; init; } = 50;

    /// <summary>Bytes of the JSON text of one HTTPS batch. 1,024–4,194,304, default 524,288: 256 KiB of messages in base64 and their properties. Larger: 413.</summary>
    /// <remarks>Source: ours; the messages themselves are bounded as one message is.</remarks>
    public int MaxHttpBatchBytes { get; init; } = 512 * 1024;

    /// <summary>Whether devices may order faults for themselves with properties of a message, as the SDKs' own tests do. Default false: the properties are like any other.</summary>
    public bool FaultInjection { get; init; }

    /// <summary>How long a proof may stand for further requests of one HTTPS connection before it is judged again. 0–10 min, default 60 s; a change of what it rests on ends it at once.</summary>
    public TimeSpan HttpProofLife { get; init; } = TimeSpan.FromSeconds(60);
}
