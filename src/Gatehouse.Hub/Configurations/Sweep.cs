namespace Gatehouse.Hub.Configurations;

/// <summary>How far all twins that a changed configuration concerns were gone through.</summary>
internal sealed record Sweep
{
    /// <summary>Those that it targets, by what is stored.</summary>
    internal const long Targets = 0;

    /// <summary>Those that its condition finds.</summary>
    internal const long Matches = 1;

    public string ConfigurationId { get; init; } = "";

    public long Number { get; init; }

    public long Phase { get; init; }

    public string DeviceId { get; init; } = "";

    public string ModuleId { get; init; } = "";
}
