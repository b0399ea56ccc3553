using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Telemetry;

namespace Gatehouse.Hub.Routing;

/// <summary>Tries routes on a message that nobody sent: <c>$testall</c> and <c>$testnew</c> of the management API.</summary>
public sealed class RouteTests
{
    private readonly RoutingDefinitions definitions;
    private readonly RoutingOptions options;
    private readonly TelemetryOptions telemetry;
    private readonly TimeProvider time;

    internal RouteTests(RoutingDefinitions definitions, RoutingOptions options, TelemetryOptions telemetry, TimeProvider time) =>
        (this.definitions, this.options, this.telemetry, this.time) = (definitions, options, telemetry, time);

    /// <summary>The enabled routes of the source that would take the message; without a source, of all sources. The fallback counts when no other route takes a device message.</summary>
    public async Task<Result<IReadOnlyList<MessageRoute>>> TestAllAsync(HubName hub, string? source, TestMessage message, CancellationToken cancellationToken)
    {
        if (message.ToRecord(telemetry.MaxMessageBytes) is not { } record)
        {
            return TooLarge();
        }

        RouteSource? wanted = null;
        if (!string.IsNullOrEmpty(source) && (wanted = RoutingRules.SourceOf(source)) is null)
        {
            return HubErrors.ArgumentInvalid.With($"The routingSource must be one of {string.Join(", ", Enum.GetNames<RouteSource>())}.");
        }

        var all = await definitions.GetAsync(hub, cancellationToken);
        using var subject = Subject(message, record);
        var taking = all.Routes.Where(route => route.IsEnabled && (wanted is null || RoutingRules.SourceOf(route.Source) == wanted) && Takes(route, subject)).ToList();
        if (taking.Count == 0 && wanted is null or RouteSource.DeviceMessages && all.FallbackRoute.IsEnabled)
        {
            var fallback = all.FallbackRoute;
            taking.Add(new MessageRoute { Name = fallback.Name, Source = fallback.Source, Condition = fallback.Condition, EndpointNames = fallback.EndpointNames, IsEnabled = true });
        }

        return taking;
    }

    /// <summary>What a route that need not exist would make of the message. A condition that cannot be read is an answer, not an error.</summary>
    public Result<RouteVerdict> TestNew(string? condition, TestMessage message)
    {
        if (message.ToRecord(telemetry.MaxMessageBytes) is not { } record)
        {
            return TooLarge();
        }

        var text = string.IsNullOrWhiteSpace(condition) ? "true" : condition;
        if (text.Length > options.MaxConditionLength)
        {
            return HubErrors.ArgumentInvalid.With($"The condition has more than {options.MaxConditionLength} characters.");
        }

        var (parsed, fault) = Condition.Read(text, QueryScope.Message);
        if (parsed is null)
        {
            return new RouteVerdict(RouteVerdict.Undefined, [RouteFault.At(text, fault!)]);
        }

        using var subject = Subject(message, record);
        var value = parsed.Expression.Evaluate(subject);
        return new RouteVerdict(value.Kind switch { ValueKind.True => RouteVerdict.True, ValueKind.False => RouteVerdict.False, _ => RouteVerdict.Undefined }, []);
    }

    private static bool Takes(MessageRoute route, MessageSubject subject) => Condition.Read(route.Condition!, QueryScope.Message).Condition?.IsTrue(subject) ?? false;

    private MessageSubject Subject(TestMessage message, byte[] record)
    {
        var subject = new MessageSubject();
        subject.Take(record, time.GetUtcNow());
        subject.Twin = message.Twin;
        return subject;
    }

    private HubError TooLarge() => HubErrors.ArgumentInvalid.With($"The body of the message has more than {telemetry.MaxMessageBytes} bytes.");
}
