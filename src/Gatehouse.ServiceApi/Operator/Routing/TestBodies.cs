using System.Text.Json;
using Gatehouse.Hub.Routing;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary>Body of test-all; names of the management API's TestAllRoutesInput.</summary>
internal sealed class TestAllBody
{
    public string? RoutingSource { get; init; }

    public TestMessageBody? Message { get; init; }

    public JsonElement? Twin { get; init; }
}

/// <summary>Body of test-new; names of the management API's TestRouteInput.</summary>
internal sealed class TestNewBody
{
    public RouteBody? Route { get; init; }

    public TestMessageBody? Message { get; init; }

    public JsonElement? Twin { get; init; }
}

/// <summary>A message to try routes on.</summary>
internal sealed class TestMessageBody
{
    public string? Body { get; init; }

    public Dictionary<string, string>? AppProperties { get; init; }

    public Dictionary<string, string>? SystemProperties { get; init; }

    internal static TestMessage From(TestMessageBody? body, JsonElement? twin) => new()
    {
        Body = body?.Body ?? "",
        AppProperties = body?.AppProperties ?? [],
        SystemProperties = body?.SystemProperties ?? [],
        Twin = twin is { ValueKind: JsonValueKind.Object } ? twin : null,
    };
}

/// <summary>Answer of test-all.</summary>
internal sealed record TestAllAnswer(IReadOnlyList<MatchedRoute> Routes);

/// <summary>A route that takes the message.</summary>
internal sealed record MatchedRoute(MessageRoute Properties);

/// <summary>Answer of test-new.</summary>
internal sealed record TestNewAnswer(string Result, TestNewDetails Details)
{
    internal static TestNewAnswer From(RouteVerdict verdict) => new(
        verdict.Result,
        new TestNewDetails([.. verdict.Faults.Select(fault => new CompilationError(
            fault.Message, "error", new ErrorRange(new ErrorPlace(fault.Line, fault.Column), new ErrorPlace(fault.Line, fault.Column))))]));
}

/// <summary>Why there is no verdict.</summary>
internal sealed record TestNewDetails(IReadOnlyList<CompilationError> CompilationErrors);

/// <summary>Where a condition stops to be one.</summary>
internal sealed record CompilationError(string Message, string Severity, ErrorRange Location);

internal sealed record ErrorRange(ErrorPlace Start, ErrorPlace End);

internal sealed record ErrorPlace(int Line, int Column);
