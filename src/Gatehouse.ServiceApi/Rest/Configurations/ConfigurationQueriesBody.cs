namespace Gatehouse.ServiceApi.Rest.Configurations;

/// <summary>Queries to be tested, as callers send them.</summary>
internal sealed class ConfigurationQueriesBody
{
    public string? TargetCondition { get; init; }

    public Dictionary<string, string?>? CustomMetricQueries { get; init; }
}
