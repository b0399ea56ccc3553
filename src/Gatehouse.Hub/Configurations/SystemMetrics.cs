namespace Gatehouse.Hub.Configurations;

/// <summary>The metrics that every configuration has, as queries.</summary>
/// <remarks>Names as the service SDKs read them; observed queries of the service's own, of 2019.</remarks>
internal static class SystemMetrics
{
    internal const string Targeted = "targetedCount";
    internal const string Applied = "appliedCount";
    private const string Successful = "reportedSuccessfulCount";
    private const string Failed = "reportedFailedCount";

    private const string Reported = " AND properties.desired.$version = properties.reported.lastDesiredVersion AND properties.reported.lastDesiredStatus.code";

    /// <summary>All of them, as they are shown.</summary>
    internal static IReadOnlyDictionary<string, string> Queries(string id, ContentKind kind, string targetQuery)
    {
        var queries = new Dictionary<string, string> { [Targeted] = targetQuery, [Applied] = AppliedQuery(id, kind) };
        foreach (var (name, query) in kind == ContentKind.Edge ? Counted(id) : [])
        {
            queries[name] = query;
        }

        return queries;
    }

    /// <summary>Those that are counted by their query: the others are known.</summary>
    internal static IEnumerable<(string Name, string Query)> Counted(ConfigurationRow row) => Configuration.KindOf(row.Content) == ContentKind.Edge ? Counted(row.Id) : [];

    private static IEnumerable<(string Name, string Query)> Counted(string id) =>
        [(Successful, $"{AppliedQuery(id, ContentKind.Edge)}{Reported} = 200"), (Failed, $"{AppliedQuery(id, ContentKind.Edge)}{Reported} != 200")];

    private static string AppliedQuery(string id, ContentKind kind) => kind switch
    {
        ContentKind.Device => $"SELECT deviceId FROM devices WHERE configurations.[[{id}]].status = 'Applied'",
        ContentKind.Module => $"SELECT deviceId, moduleId FROM devices.modules WHERE configurations.[[{id}]].status = 'Applied'",
        _ => $"SELECT deviceId FROM devices.modules WHERE moduleId = '$edgeAgent' AND configurations.[[{id}]].status = 'Applied'",
    };
}
