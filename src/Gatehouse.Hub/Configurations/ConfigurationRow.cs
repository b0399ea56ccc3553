namespace Gatehouse.Hub.Configurations;

/// <summary>A row of <c>configurations</c>.</summary>
internal sealed record ConfigurationRow
{
    public string Hub { get; init; } = "";

    public string Id { get; init; } = "";

    public long Etag { get; init; }

    public long Priority { get; init; }

    public string TargetCondition { get; init; } = "";

    public string Content { get; init; } = "";

    public string Labels { get; init; } = "";

    public string Metrics { get; init; } = "";

    public long Created { get; init; }

    public long Updated { get; init; }

    public string Results { get; init; } = "{}";

    public long Measured { get; init; }
}
