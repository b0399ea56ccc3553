using System.Globalization;
using System.Text;

namespace Gatehouse.Cli.Simulation;

/// <summary>A JSON body of exactly the size that is asked for.</summary>
internal static class SimulatedBody
{
    /// <summary>Room for the longest number and temperature.</summary>
    internal const int MinSize = 64;

    /// <summary>Source: IoT Hub "Quotas and throttling" page, device-to-cloud messages of 256 KiB; some is left for properties.</summary>
    internal const int MaxSize = 250_000;

    internal static byte[] Make(int size, int number)
    {
        // A day's wave between 15 and 25 degrees, so that a chart of it looks like something.
        var temperature = 20 + (5 * Math.Sin(number / 10.0));
        var head = string.Create(CultureInfo.InvariantCulture, $$"""{"message":{{number}},"temperature":{{temperature:0.00}},"padding":" """).TrimEnd();
        return Encoding.ASCII.GetBytes(head.PadRight(size - 2, '.') + "\"}");
    }
}
