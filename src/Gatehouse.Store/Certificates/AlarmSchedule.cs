namespace Gatehouse.Store.Certificates;

/// <summary>Which threshold a certificate has passed, and which comes next.</summary>
internal sealed class AlarmSchedule(CertificateAlarmOptions options)
{
    // What ended earlier and was not known then tells nobody anything that is still to be done.
    private static readonly long Late = TimeSpan.FromDays(7).Ticks;

    private readonly int[] days = [.. options.Days.Where(static each => each > 0).Distinct().OrderDescending(), 0];

    /// <summary>The thresholds, the most days first, with commas.</summary>
    public override string ToString() => string.Join(',', days);

    /// <summary>When it is to be looked at first: the past for one that has passed a threshold already.</summary>
    internal long First(KnownCertificate certificate) => At(certificate, LevelsOf(certificate)[0]);

    /// <summary>The threshold that it has passed last, in days, 0 for its end; null before the first, and for one that ended long ago.</summary>
    internal int? Passed(KnownCertificate certificate, long now)
    {
        var passed = LevelsOf(certificate).LastOrDefault(level => At(certificate, level) <= now, -1);
        return passed < 0 || (passed == 0 && now - certificate.NotAfter > Late) ? null : passed;
    }

    /// <summary>When it is to be looked at next; 0 when its end has been.</summary>
    internal long Next(KnownCertificate certificate, long now)
    {
        var next = LevelsOf(certificate).FirstOrDefault(level => At(certificate, level) > now, -1);
        return next < 0 ? 0 : At(certificate, next);
    }

    private static long At(KnownCertificate certificate, int level) => certificate.NotAfter - (level * TimeSpan.TicksPerDay);

    private int[] LevelsOf(KnownCertificate certificate) =>
        Array.FindAll(days, level => level == 0 || 3 * level * TimeSpan.TicksPerDay <= certificate.NotAfter - certificate.NotBefore);
}
