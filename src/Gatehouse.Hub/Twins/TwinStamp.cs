using System.Globalization;
using System.Text.Json.Nodes;

namespace Gatehouse.Hub.Twins;

/// <summary>When something was written, and in which version of the desired properties; reported properties have no version here, as the service has none.</summary>
internal readonly record struct TwinStamp(string Time, long? Version)
{
    internal const string LastUpdated = "$lastUpdated";
    internal const string LastUpdatedVersion = "$lastUpdatedVersion";

    internal static TwinStamp At(DateTimeOffset time, long? version) => new(time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), version);

    internal void Mark(JsonObject? metadata)
    {
        if (metadata is null)
        {
            return;
        }

        metadata[LastUpdated] = Time;
        if (Version is { } version)
        {
            metadata[LastUpdatedVersion] = version;
        }
    }
}
