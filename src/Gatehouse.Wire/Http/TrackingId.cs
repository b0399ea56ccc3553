using System.Globalization;

namespace Gatehouse.Wire.Http;

/// <summary>Ties what a caller was told to a line of the log.</summary>
public static class TrackingId
{
    /// <summary><c>{32 hex}-G:0-TimeStamp:{MM/dd/yyyy HH:mm:ss}</c>, as the service writes it (G: gateway number, 0 here).</summary>
    public static string New(DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():N}-G:0-TimeStamp:{now.UtcDateTime:MM/dd/yyyy HH:mm:ss}");
}
