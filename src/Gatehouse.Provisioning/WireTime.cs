using System.Globalization;

namespace Gatehouse.Provisioning;

/// <summary>Times in documents.</summary>
internal static class WireTime
{
    internal static string Of(long ticks) => Of(new DateTimeOffset(ticks, TimeSpan.Zero));

    internal static string Of(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
