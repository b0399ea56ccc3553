namespace Gatehouse.Hub.Configurations;

/// <summary>What is wrong with queries that a configuration might have.</summary>
/// <param name="TargetConditionError">Null when it is right.</param>
/// <param name="CustomMetricQueryErrors">By name; those that are right are not in it.</param>
public sealed record ConfigurationTest(string? TargetConditionError, IReadOnlyDictionary<string, string> CustomMetricQueryErrors);
