namespace Gatehouse.Hub.Jobs;

/// <summary>What jobs do. Wire words of <c>type</c>.</summary>
internal static class JobTypes
{
    internal const string UpdateTwin = "scheduleUpdateTwin";
    internal const string DeviceMethod = "scheduleDeviceMethod";
    internal const string Import = "import";
    internal const string Export = "export";

    /// <summary>The words that clients know and no job here has: asking for them finds nothing.</summary>
    private static readonly string[] Others =
    [
        "unknown", "backup", "readDeviceProperties", "writeDeviceProperties", "updateDeviceConfiguration", "rebootDevice", "factoryResetDevice", "firmwareUpdate", "restoreFromBackup", "failoverDataCopy",
    ];

    /// <summary>The word in its own case; C# clients send it with a capital. Null when there is none.</summary>
    internal static string? Find(string text) => Words.Find(text, [UpdateTwin, DeviceMethod, Import, Export, .. Others]);
}

/// <summary>States of a job. Wire words of <c>status</c>.</summary>
internal static class JobStates
{
    internal const string Queued = "queued";
    internal const string Scheduled = "scheduled";
    internal const string Running = "running";
    internal const string Completed = "completed";
    internal const string Failed = "failed";
    internal const string Cancelled = "cancelled";

    /// <summary>First state of imports and exports.</summary>
    internal const string Enqueued = "enqueued";

    internal static bool HasEnded(string state) => state is Completed or Failed or Cancelled;

    /// <summary>The word in its own case; null when there is none.</summary>
    internal static string? Find(string text) => Words.Find(text, [Queued, Scheduled, Running, Completed, Failed, Cancelled, Enqueued, "unknown"]);
}

/// <summary>States of a job on one device. Wire words; the service writes "canceled" here.</summary>
internal static class DeviceJobStates
{
    internal const string Pending = "pending";
    internal const string Running = "running";
    internal const string Completed = "completed";
    internal const string Failed = "failed";
    internal const string Canceled = "canceled";
}

file static class Words
{
    internal static string? Find(string text, ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (word.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return word;
            }
        }

        return null;
    }
}
