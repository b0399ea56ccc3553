using System.Globalization;

namespace Gatehouse.ServiceApi.Rest.Registry;

/// <summary>Times of identity documents.</summary>
internal static class WireTime
{
    /// <summary>ISO 8601 in UTC; <c>0001-01-01T00:00:00</c>, without zone, for never: SDKs parse it as their smallest date.</summary>
    internal static string Format(DateTimeOffset? time) =>
        time is { } known ? known.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture) : "0001-01-01T00:00:00";
}
