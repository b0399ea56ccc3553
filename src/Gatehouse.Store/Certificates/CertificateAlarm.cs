using System.Globalization;
using Gatehouse.Contracts.Certificates;
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

    internal AlarmView ToView() => new()
    {
        Id = Id,
        Kind = Kind,
        UsedBy = Name.Length == 0 ? null : Name,
        Subject = Subject,
        Issuer = Issuer,
        Sha256Thumbprint = Thumbprint,
        NotAfter = new DateTime(NotAfter, DateTimeKind.Utc),
        Days = Days,
        Raised = new DateTime(Raised, DateTimeKind.Utc),
        Closed = IsOpen != 0 ? null : new DateTime(Closed, DateTimeKind.Utc),
        ClosedBy = IsOpen != 0 ? null : ClosedBy,
    };

    // The same for whoever raises it: of two nodes, and after a crash, one row.
    private static string IdOf(KnownCertificate certificate, int days) => CertificateMark
        .Of(System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{certificate.Kind} {certificate.Owner}/{certificate.Module} {certificate.Thumbprint} {certificate.NotAfter} {days}")))
        .ToString()[..20];
}
