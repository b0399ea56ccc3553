namespace Gatehouse.Gateway;

/// <summary>Settings of the device plane.</summary>
public sealed record GatewayOptions
{
    /// <summary>How long a connection may outlive its SAS token. 0–1 h, default 10 min.</summary>
    /// <remarks>The C# client relies on being cut after the token's end; the others renew before it. Source: IoT Hub "Troubleshoot connectivity" page.</remarks>
    public TimeSpan TokenGrace { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Bytes of acknowledgements that may wait for a client that does not read; more ends its connection. 1 KiB–16 MiB, default 256 KiB (65,536 PUBACKs, all that can be outstanding).</summary>
    public int MaxUnreadBytes { get; init; } = 256 * 1024;

    /// <summary>Messages that a device may have under way on one AMQP link. 1–10,000, default 200: a device sends little, and an SDK's window is smaller.</summary>
    public int AmqpCredit { get; init; } = 200;

    /// <summary>Messages in one AMQP batch. 1–50,000, default 5,000; the whole batch is no larger than a message may be.</summary>
    /// <remarks>Source: ours. The C client sends everything in batches; 262,144 bytes hold about that many of the smallest messages that make sense.</remarks>
    public int MaxBatchMessages { get; init; } = 5_000;

    /// <summary>Filters in one SUBSCRIBE. 5–1,000, default 50; the service documents 5 subscriptions per device, clients send up to 5 at once.</summary>
    public int MaxFilters { get; init; } = 50;
}
