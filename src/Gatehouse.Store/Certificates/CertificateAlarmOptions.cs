namespace Gatehouse.Store.Certificates;

/// <summary>When somebody is told that a certificate ends.</summary>
public sealed record CertificateAlarmOptions
{
    /// <summary>Longest threshold. Days. Source: own.</summary>
    public const int MaxDays = 3_650;

    /// <summary>Most thresholds. Source: own.</summary>
    public const int MaxThresholds = 10;

    /// <summary>Days before the end, each 1–3650, at most ten; default 30, 7 and 1. A threshold of more than a third of a certificate's life is passed over for it: it would ring from the start. The end itself always counts. Source: own.</summary>
    public IReadOnlyList<int> Days { get; init; } = [30, 7, 1];

    /// <summary>How often is looked. Default one minute. Source: own.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long what has ended is kept, certificates and alarms. Default 90 days, as what was issued. Source: own.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(90);
}
