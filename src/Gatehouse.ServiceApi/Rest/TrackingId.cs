using System.Globalization;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>Ties what a caller was told to a line of the log.</summary>
internal static class TrackingId
{
    /// <summary><c>{32 hex}-G:0-TimeStamp:{MM/dd/yyyy HH:mm:ss}</c>, as the service writes it (G: gateway number, 0 here).</summary>
    internal static string New(TimeProvider time) =>
        string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():N}-G:0-TimeStamp:{time.GetUtcNow():MM/dd/yyyy HH:mm:ss}");
}
