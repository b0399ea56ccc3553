using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Routing;

/// <summary>What a condition made of a test message.</summary>
/// <param name="Result"><c>true</c>, <c>false</c> or <c>undefined</c> (which takes no message).</param>
/// <param name="Faults">Why the condition cannot be read; empty when it can.</param>
public sealed record RouteVerdict(string Result, IReadOnlyList<RouteFault> Faults)
{
    public const string True = "true";
    public const string False = "false";
    public const string Undefined = "undefined";
}

/// <summary>Where a condition stops to be one.</summary>
/// <param name="Message">Why.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
public sealed record RouteFault(string Message, int Line, int Column)
{
    internal static RouteFault At(string text, QueryFault fault)
    {
        var before = text.AsSpan(0, Math.Min(fault.Index, text.Length));
        return new RouteFault(fault.ToError().Message, before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
    }
}
