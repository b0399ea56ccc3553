using System.Collections.Frozen;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>Says what the first name of a path means in each scope.</summary>
internal static class Paths
{
    // Names of twins and device jobs, in the case of the answers; queries may write them in any case.
    private static readonly FrozenDictionary<string, string> TwinNames = Canonical(
        "deviceId", "moduleId", "modelId", "etag", "deviceEtag", "version", "status", "statusReason", "statusUpdateTime", "connectionState", "lastActivityTime",
        "cloudToDeviceMessageCount", "authenticationType", "x509Thumbprint", "tags", "properties", "capabilities", "deviceScope", "parentScopes", "configurations", "attributes");

    private static readonly FrozenDictionary<string, string> SecondNames = Canonical("desired", "reported", "iotEdge", "primaryThumbprint", "secondaryThumbprint");

    private static readonly FrozenDictionary<string, string> JobNames = Canonical(
        "deviceId", "moduleId", "jobId", "jobType", "status", "startTimeUtc", "endTimeUtc", "createdDateTimeUtc", "lastUpdatedDateTimeUtc", "outcome", "error");

    private static readonly FrozenDictionary<string, EventField> SystemFields = new Dictionary<string, EventField>
    {
        ["messageId"] = EventField.MessageId,
        ["correlationId"] = EventField.CorrelationId,
        ["userId"] = EventField.UserId,
        ["to"] = EventField.To,
        ["contentType"] = EventField.ContentType,
        ["contentEncoding"] = EventField.ContentEncoding,
        ["creationTimeUtc"] = EventField.CreationTimeUtc,
        ["iothub-creation-time-utc"] = EventField.CreationTimeUtc,
        ["connectionDeviceId"] = EventField.ConnectionDeviceId,
        ["iothub-connection-device-id"] = EventField.ConnectionDeviceId,
        ["connectionModuleId"] = EventField.ConnectionModuleId,
        ["iothub-connection-module-id"] = EventField.ConnectionModuleId,
        ["connectionAuthMethod"] = EventField.ConnectionAuthMethod,
        ["iothub-connection-auth-method"] = EventField.ConnectionAuthMethod,
        ["connectionDeviceGenerationId"] = EventField.ConnectionAuthGenerationId,
        ["iothub-connection-auth-generation-id"] = EventField.ConnectionAuthGenerationId,
        ["iothub-message-source"] = EventField.MessageSource,
        ["iothub-message-schema"] = EventField.MessageSchema,
        ["iothub-interface-id"] = EventField.InterfaceId,
        ["dt-dataschema"] = EventField.ModelId,
        ["dt-subject"] = EventField.Subject,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Null when the path cannot be: <c>$body</c> is fine, <c>temperature.x</c> of a message is not.</summary>
    internal static PathExpression? Bind(QueryScope scope, IReadOnlyList<PathStep> steps) => scope switch
    {
        QueryScope.Message => BindMessage(steps),
        QueryScope.Twin => new PathExpression(PathRoot.Document, CanonicalTwin(WithoutCollection(steps, "modules"))),
        _ => new PathExpression(PathRoot.Document, CanonicalJob(WithoutCollection(steps, "jobs"))),
    };

    /// <summary>Names of a twin in the case of the answers.</summary>
    internal static bool IsTwinName(string name) => TwinNames.ContainsKey(name);

    private static PathExpression? BindMessage(IReadOnlyList<PathStep> steps)
    {
        var first = steps[0].Name!;
        if (first.Equals("$body", StringComparison.OrdinalIgnoreCase))
        {
            return new PathExpression(PathRoot.Body, [.. steps.Skip(1)]);
        }

        if (first.Equals("$twin", StringComparison.OrdinalIgnoreCase))
        {
            return steps.Count == 1 ? null : new PathExpression(PathRoot.Twin, CanonicalTwin([.. steps.Skip(1)]));
        }

        if (steps.Count > 1)
        {
            return null;
        }

        if (first is not ['$', _, ..])
        {
            return new PathExpression(PathRoot.ApplicationProperty, steps);
        }

        var name = first[1..];
        if (name.Equals("enqueuedTime", StringComparison.OrdinalIgnoreCase) || name.Equals("iothub-enqueuedtime", StringComparison.OrdinalIgnoreCase))
        {
            return new PathExpression(PathRoot.EnqueuedTime, []);
        }

        // $name is a system property where there is one of the name, an application property otherwise.
        return SystemFields.TryGetValue(name, out var field)
            ? new PathExpression(PathRoot.SystemProperty, [], field)
            : new PathExpression(PathRoot.ApplicationProperty, [PathStep.Key(name)]);
    }

    /// <summary><c>devices.deviceId</c>, <c>devices.jobs.jobId</c>: the collection's own name may stand before a path.</summary>
    private static IReadOnlyList<PathStep> WithoutCollection(IReadOnlyList<PathStep> steps, string part)
    {
        if (steps.Count == 1 || !IsNamed(steps[0], "devices"))
        {
            return steps;
        }

        var skipped = steps.Count > 2 && IsNamed(steps[1], part) ? 2 : 1;
        return [.. steps.Skip(skipped)];
    }

    private static IReadOnlyList<PathStep> CanonicalTwin(IReadOnlyList<PathStep> steps)
    {
        var renamed = Rename(steps, 0, TwinNames);
        return renamed[0].Name is "properties" or "capabilities" or "x509Thumbprint" ? Rename(renamed, 1, SecondNames) : renamed;
    }

    private static IReadOnlyList<PathStep> CanonicalJob(IReadOnlyList<PathStep> steps)
    {
        // The documentation writes createdTimeUtc, the documents say createdDateTimeUtc.
        return IsNamed(steps[0], "createdTimeUtc") ? [PathStep.Key("createdDateTimeUtc"), .. steps.Skip(1)] : Rename(steps, 0, JobNames);
    }

    private static IReadOnlyList<PathStep> Rename(IReadOnlyList<PathStep> steps, int at, FrozenDictionary<string, string> names) =>
        steps.Count > at && steps[at].Name is { } name && names.TryGetValue(name, out var canonical) && canonical != name
            ? [.. steps.Take(at), PathStep.Key(canonical), .. steps.Skip(at + 1)]
            : steps;

    private static bool IsNamed(PathStep step, string name) => name.Equals(step.Name, StringComparison.OrdinalIgnoreCase);

    private static FrozenDictionary<string, string> Canonical(params string[] names) => names.ToFrozenDictionary(name => name, StringComparer.OrdinalIgnoreCase);
}
