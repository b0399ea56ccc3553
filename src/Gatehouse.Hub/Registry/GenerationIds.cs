using System.Globalization;

namespace Gatehouse.Hub.Registry;

/// <summary>Generation ids: 18-digit decimal ticks, never the same twice in one process, so that a recreated name is a new identity.</summary>
internal sealed class GenerationIds(TimeProvider time)
{
    private long last;

    internal string Next()
    {
        while (true)
        {
            var seen = Volatile.Read(ref last);
            var next = Math.Max(seen + 1, time.GetUtcNow().UtcTicks);
            if (Interlocked.CompareExchange(ref last, next, seen) == seen)
            {
                return next.ToString("D18", CultureInfo.InvariantCulture);
            }
        }
    }
}
