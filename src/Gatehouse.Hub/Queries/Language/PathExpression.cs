using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>Where a path begins.</summary>
internal enum PathRoot
{
    /// <summary>In the document that is asked about; the first step is its canonical name.</summary>
    Document,

    /// <summary>A message's application property; the first step is its name.</summary>
    ApplicationProperty,

    /// <summary>A message's system property; see <see cref="PathExpression.Field"/>.</summary>
    SystemProperty,

    /// <summary>When the hub took the message.</summary>
    EnqueuedTime,

    /// <summary>A message's JSON body.</summary>
    Body,

    /// <summary>The twin of the message's sender.</summary>
    Twin,
}

/// <summary>A path into the subject.</summary>
/// <param name="Root">Where it begins.</param>
/// <param name="Steps">From there.</param>
/// <param name="Field">The system property, for that root.</param>
internal sealed record PathExpression(PathRoot Root, IReadOnlyList<PathStep> Steps, EventField Field = default) : Expression
{
    internal override int Depth => 1;

    internal override Value Evaluate(Subject subject) => subject.Find(this);

    /// <summary>Two paths that lead to the same place.</summary>
    internal bool IsSameAs(PathExpression other) => Root == other.Root && Field == other.Field && Steps.Select(step => (step.Name, step.Index)).SequenceEqual(other.Steps.Select(step => (step.Name, step.Index)));
}
