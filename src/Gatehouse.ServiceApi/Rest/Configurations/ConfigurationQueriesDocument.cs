namespace Gatehouse.ServiceApi.Rest.Configurations;

/// <summary>What is wrong with them.</summary>
internal sealed class ConfigurationQueriesDocument
{
    /// <summary>Null when it is right.</summary>
    public string? TargetConditionError { get; init; }

    /// <summary>By name; only what is wrong.</summary>
    public required IReadOnlyDictionary<string, string> CustomMetricQueryErrors { get; init; }
}
