using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Throttling;

namespace Gatehouse.Server.Configuration;

/// <summary>How the settings name the classes of operations that can be limited.</summary>
internal static class ThrottleWords
{
    private static readonly Dictionary<string, ThrottleClass> Classes = new(StringComparer.Ordinal)
    {
        ["identity-registry"] = ThrottleClass.IdentityRegistry,
        ["bulk"] = ThrottleClass.Bulk,
        ["queries"] = ThrottleClass.Queries,
        ["device-connections"] = ThrottleClass.DeviceConnections,
        ["device-to-cloud-sends"] = ThrottleClass.DeviceToCloudSends,
        ["cloud-to-device-sends"] = ThrottleClass.CloudToDeviceSends,
        ["cloud-to-device-receives"] = ThrottleClass.CloudToDeviceReceives,
        ["direct-methods"] = ThrottleClass.DirectMethods,
        ["twin-reads"] = ThrottleClass.TwinReads,
        ["twin-writes"] = ThrottleClass.TwinWrites,
        ["jobs"] = ThrottleClass.Jobs,
        ["job-device-operations"] = ThrottleClass.JobDeviceOperations,
        ["configurations"] = ThrottleClass.Configurations,
        ["file-uploads"] = ThrottleClass.FileUploads,
    };

    internal static string All { get; } = string.Join(", ", Classes.Keys);

    internal static string? AddLimit(ServerOptions options, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || !Classes.TryGetValue(text[..equals], out var operations))
        {
            return "names no class";
        }

        ThrottleRate? rate = null;
        if (text[(equals + 1)..] is not "off" && !ThrottleRate.TryParse(text[(equals + 1)..], out rate))
        {
            return "is no rate";
        }

        return options.ThrottleLimits.TryAdd(operations, rate) ? null : "names a class a second time";
    }
}
