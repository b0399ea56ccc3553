using System.Globalization;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Store.Certificates;

/// <summary>A row of <c>certificate_alarms</c>.</summary>
internal sealed record CertificateAlarm
{
    public string Tenant { get; init; } = "";

    public string Id { get; init; } = "";

    public string Kind { get; init; } = "";

    public string Owner { get; init; } = "";

    public string Module { get; init; } = "";

    public string Thumbprint { get; init; } = "";

    public string Subject { get; init; } = "";

    public string Issuer { get; init; } = "";

    public long NotAfter { get; init; }

    public long Days { get; init; }

    public long Raised { get; init; }

    public long Closed { get; init; }

    public string ClosedBy { get; init; } = "";

    public long IsOpen { get; init; } = 1;

    internal string Name => Module.Length == 0 ? Owner : $"{Owner}/{Module}";

    /// <param name="tenant">Whose.</param>
    /// <param name="certificate">What ends.</param>
    /// <param name="days">The threshold that was passed.</param>
    /// <param name="now">Ticks of UTC.</param>
    internal static CertificateAlarm Of(string tenant, KnownCertificate certificate, int days, long now) => new()
    {
        Tenant = tenant,
        Id = IdOf(certificate, days),
        Kind = certificate.Kind,
        Owner = certificate.Owner,
        Module = certificate.Module,
        Thumbprint = certificate.Thumbprint,
        Subject = certificate.Subject,
        Issuer = certificate.Issuer,
        NotAfter = certificate.NotAfter,
        Days = days,
        Raised = now,
    };

    // The same for whoever raises it: of two nodes, and after a crash, one row.
    private static string IdOf(KnownCertificate certificate, int days) => CertificateMark
        .Of(System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{certificate.Kind} {certificate.Owner}/{certificate.Module} {certificate.Thumbprint} {certificate.NotAfter} {days}")))
        .ToString()[..20];
}

/// <summary>Which alarms are asked for.</summary>
/// <param name="IsClosed">Those that were acknowledged or have become void, instead of those that are open.</param>
/// <param name="After">Where the page begins.</param>
/// <param name="Max">Items of it.</param>
public sealed record AlarmQuery(bool IsClosed, AlarmPlace After, int Max);

/// <summary>A place in the order of alarms: by the end of what they are about.</summary>
public sealed record AlarmPlace(long End, string Id)
{
    public static AlarmPlace Start { get; } = new(0, "");

    /// <summary>Null for a text that <see cref="ToString"/> has not given; the start for none.</summary>
    public static AlarmPlace? Read(string? text) =>
        string.IsNullOrEmpty(text) ? Start
        : text.Split(':') is [var end, { Length: > 0 } id] && !id.Contains('\0', StringComparison.Ordinal) && long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) ? new AlarmPlace(ticks, id)
        : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{End}:{Id}");
}

/// <summary>An alarm in answers of both APIs.</summary>
public sealed record AlarmView
{
    public required string Id { get; init; }

    /// <summary>A word of <see cref="CertificateKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>As <see cref="CertificateView.UsedBy"/>.</summary>
    public string? UsedBy { get; init; }

    public required string Subject { get; init; }

    public required string Issuer { get; init; }

    public required string Sha256Thumbprint { get; init; }

    /// <summary>UTC; of a revocation list when the next one is due.</summary>
    public required DateTime NotAfter { get; init; }

    /// <summary>Threshold that was passed; 0: it has ended.</summary>
    public required long Days { get; init; }

    public required DateTime Raised { get; init; }

    /// <summary>Null: it is open.</summary>
    public DateTime? Closed { get; init; }

    /// <summary>Who acknowledged it; <c>server</c> where it had become void.</summary>
    public string? ClosedBy { get; init; }

    internal static AlarmView Of(CertificateAlarm alarm) => new()
    {
        Id = alarm.Id,
        Kind = alarm.Kind,
        UsedBy = alarm.Name.Length == 0 ? null : alarm.Name,
        Subject = alarm.Subject,
        Issuer = alarm.Issuer,
        Sha256Thumbprint = alarm.Thumbprint,
        NotAfter = CertificateView.Time(alarm.NotAfter),
        Days = alarm.Days,
        Raised = CertificateView.Time(alarm.Raised),
        Closed = alarm.IsOpen != 0 ? null : CertificateView.Time(alarm.Closed),
        ClosedBy = alarm.IsOpen != 0 ? null : alarm.ClosedBy,
    };
}

/// <param name="Value">The first to end first.</param>
/// <param name="Next">To be given as <c>after</c>; null on the last page.</param>
public sealed record AlarmPage(IReadOnlyList<AlarmView> Value, string? Next);

/// <param name="Acknowledged">How many were open and are closed now.</param>
public sealed record AcknowledgedAlarms(long Acknowledged);
