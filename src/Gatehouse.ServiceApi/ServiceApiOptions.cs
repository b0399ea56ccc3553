namespace Gatehouse.ServiceApi;

/// <summary>Settings of the service plane.</summary>
public sealed record ServiceApiOptions
{
    /// <summary>Largest request body. Bytes; 1,024–67,108,864; default 1,048,576 (1 MiB: 100 bulk items of the largest documented shape fit). Larger: 413.</summary>
    public int MaxBodyBytes { get; init; } = 1 << 20;

    /// <summary>Deepest nesting of a JSON body. Levels; default 32 (twins are documented to 10 levels, envelopes add a few).</summary>
    public int MaxJsonDepth { get; init; } = 32;

    /// <summary>Port that readers are redirected to when they gave none. 1–65,535, default 5,671.</summary>
    public int AmqpPort { get; init; } = 5671;
}
