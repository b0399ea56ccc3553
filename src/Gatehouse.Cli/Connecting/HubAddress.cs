namespace Gatehouse.Cli.Connecting;

/// <summary>Where the hub is, whom to trust there, and as whom to call.</summary>
internal sealed record HubAddress
{
    /// <summary>Ports that the SDKs fix.</summary>
    internal const int UsualHttpsPort = 443;
    internal const int UsualMqttPort = 8883;

    internal required PolicyConnectionString Policy { get; init; }

    internal required int HttpsPort { get; init; }

    internal required int MqttPort { get; init; }

    /// <summary>The only root to trust; null for the system's.</summary>
    internal string? CaFile { get; init; }

    /// <summary>Where this came from, for errors.</summary>
    internal required string Source { get; init; }

    internal string HostName => Policy.HostName;

    public override string ToString() => $"{HostName}:{HttpsPort}";
}
