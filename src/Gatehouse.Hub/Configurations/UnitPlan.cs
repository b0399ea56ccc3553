using System.Text.Json.Nodes;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Configurations;

/// <summary>What the evaluation of one device or module asks for.</summary>
internal sealed class UnitPlan
{
    internal List<TwinPlan> Twins { get; } = [];

    internal List<TargetRow> Saved { get; } = [];

    internal List<TargetRow> Deleted { get; } = [];

    /// <summary>Modules that a deployment needs and the device does not have.</summary>
    internal List<string> MissingModules { get; } = [];

    /// <summary>Configurations that could not be applied, with the reason.</summary>
    internal List<string> Refused { get; } = [];

    internal bool IsEmpty => Twins.Count == 0 && Saved.Count == 0 && Deleted.Count == 0;
}

/// <summary>What is to be written to one twin.</summary>
/// <param name="Row">As it is.</param>
/// <param name="Patch">Of its desired properties; null for none.</param>
/// <param name="Configurations">The section that names its configurations; null when it stays.</param>
internal sealed record TwinPlan(TwinRow Row, JsonObject? Patch, string? Configurations);
