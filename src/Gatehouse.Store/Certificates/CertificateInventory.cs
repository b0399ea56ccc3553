using System.Data.Common;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Store.Certificates;

/// <summary>All certificates that a hub or a provisioning service knows, in the order of their ends, and what ends when (decisions/0051).</summary>
/// <remarks>What devices showed is a table with an index for each order that is asked for: a page costs what is on it. What rooms keep in tables of their own is some dozens, and put in between.</remarks>
public sealed class CertificateInventory(Database database, IEnumerable<IStandingCertificates> rooms, CertificateSightings sightings, CertificateAlarmOptions alarms, TimeProvider time) : ICertificateInventory
{
    private const int MaxAbove = 1_000;

    private readonly IStandingCertificates[] rooms = [.. rooms];
    private readonly AlarmSchedule schedule = new(alarms);

    public async Task<InventoryPage> ListAsync(HubName tenant, InventoryFilter filter, InventoryPlace after, int max, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(after);
        await sightings.FlushAsync(cancellationToken);
        var standing = (await StandingAsync(tenant, cancellationToken)).Where(each =>
            each.IsAfter(after)
            && (filter.Kind is null || each.Kind == filter.Kind)
            && (filter.Issuer is null || each.Issuer == filter.Issuer)
            && (filter.EndsBefore is null || each.NotAfter < filter.EndsBefore));
        var stored = StoredKinds.All.Where(kind => filter.Kind is null || kind == filter.Kind);

        // One more than is shown tells whether there is a next page.
        var found = await database.ReadAsync(
            async (connection, cancel) =>
            {
                var all = standing.ToList();
                foreach (var kind in stored)
                {
                    all.AddRange(await KnownCertificateRows.ListAsync(connection, tenant.Value, kind, filter, after, max + 1, cancel));
                }

                return all;
            },
            cancellationToken);
        return await PageAsync(tenant, found, max, cancellationToken);
    }

    public async Task<CertificateForecast> ForecastAsync(HubName tenant, ForecastInput input, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        await sightings.FlushAsync(cancellationToken);
        var now = time.GetUtcNow();
        var (from, until) = (now.UtcTicks, now.AddDays(input.Days).UtcTicks);
        var isFirst = input.After == InventoryPlace.Start;
        var standing = (await StandingAsync(tenant, cancellationToken)).Where(each => each.NotAfter >= from && each.NotAfter < until).ToList();
        var start = isFirst ? InventoryPlace.Start with { End = from } : input.After;
        var (days, above, failing) = await database.ReadAsync(
            async (connection, cancel) =>
            {
                var (days, failing) = (new List<EndingDay>(), new List<KnownCertificate>());
                foreach (var kind in StoredKinds.OfDevices)
                {
                    days.AddRange(isFirst ? await KnownCertificateRows.CountEndsAsync(connection, tenant.Value, kind, from, until, cancel) : []);
                    failing.AddRange(await KnownCertificateRows.ListFailingAsync(connection, tenant.Value, kind, until, start, input.Max + 1, cancel));
                }

                standing.AddRange(await KnownCertificateRows.ListAsync(connection, tenant.Value, CertificateKinds.Intermediate, new InventoryFilter(EndsBefore: until), InventoryPlace.Start with { End = from }, MaxAbove, cancel));
                var above = new List<EndingAbove>();
                foreach (var each in Ordered(standing).Take(isFirst ? MaxAbove : 0))
                {
                    above.Add(new EndingAbove(each.ToView(from), await CountBelowAsync(connection, tenant, each, cancel)));
                }

                return (days, above, failing);
            },
            cancellationToken);
        return new CertificateForecast
        {
            From = new DateTime(from, DateTimeKind.Utc),
            Until = new DateTime(until, DateTimeKind.Utc),
            By = input.By,
            Periods = [.. Periods(input.By, days, above)],
            Above = above,
            Devices = await PageAsync(tenant, failing, input.Max, cancellationToken),
        };
    }

    /// <summary>Takes in what was issued, in the transaction that makes it so.</summary>
    public Task RecordAsync(WriteTransaction write, KnownCertificate certificate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return KnownCertificateRows.SaveAsync(write, [certificate with { NextAlarm = schedule.First(certificate) }], cancellationToken);
    }

    internal IReadOnlyList<HubName> Tenants => [.. rooms.SelectMany(static each => each.Tenants).Distinct()];

    internal async Task<IReadOnlyList<KnownCertificate>> StandingAsync(HubName tenant, CancellationToken cancellationToken)
    {
        var all = new List<KnownCertificate>();
        foreach (var room in rooms)
        {
            all.AddRange(await room.ListAsync(tenant, cancellationToken));
        }

        return all;
    }

    private static Task<long> CountBelowAsync(DbConnection connection, HubName tenant, KnownCertificate certificate, CancellationToken cancellationToken) => certificate.Kind switch
    {
        CertificateKinds.Authority or CertificateKinds.PolicyAuthority or CertificateKinds.EnrollmentGroup => KnownCertificateRows.CountBelowAsync(connection, tenant.Value, certificate.Thumbprint, cancellationToken),
        CertificateKinds.Intermediate or CertificateKinds.RevocationList => KnownCertificateRows.CountIssuedByAsync(connection, tenant.Value, certificate.Subject, cancellationToken),
        _ => Task.FromResult(0L),
    };

    private static IEnumerable<EndingPeriod> Periods(string by, List<EndingDay> days, List<EndingAbove> above) =>
        days.Select(day => (Start: StartOf(by, new DateTime(day.Day * TimeSpan.TicksPerDay, DateTimeKind.Utc)), day.Certificates, Devices: day.Failing, Others: 0L))
            .Concat(above.Select(each => (Start: StartOf(by, each.Certificate.NotAfter.Date), Certificates: 0L, Devices: 0L, Others: 1L)))
            .GroupBy(static each => each.Start)
            .OrderBy(static group => group.Key)
            .Select(static group => new EndingPeriod(group.Key, group.Sum(static each => each.Certificates), group.Sum(static each => each.Devices), group.Sum(static each => each.Others)));

    private static DateTime StartOf(string by, DateTime day) => by switch
    {
        ForecastInput.Month => new DateTime(day.Year, day.Month, 1, 0, 0, 0, DateTimeKind.Utc),
        ForecastInput.Week => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)),
        _ => day,
    };

    // The store has ordered owners of one kind by its own rules, which a stable sort keeps.
    private static IEnumerable<KnownCertificate> Ordered(IEnumerable<KnownCertificate> all) => all
        .OrderBy(static each => each.NotAfter)
        .ThenBy(static each => each.Thumbprint, StringComparer.Ordinal)
        .ThenBy(static each => each.Kind, StringComparer.Ordinal);

    private async Task<InventoryPage> PageAsync(HubName tenant, List<KnownCertificate> found, int max, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcTicks;
        var shown = Ordered(found).Take(max).ToList();
        var next = found.Count > max ? shown[^1].Place.ToString() : null;
        var views = new List<CertificateView>(shown.Count);
        foreach (var each in shown)
        {
            views.Add((each.LastSeen == 0 && IsAuthority(each.Kind) ? each with { LastSeen = await LastSeenAsync(tenant, each, cancellationToken) } : each).ToView(now));
        }

        return new InventoryPage(views, next);
    }

    private static bool IsAuthority(string kind) => kind is CertificateKinds.Authority or CertificateKinds.PolicyAuthority or CertificateKinds.EnrollmentGroup;

    private Task<long> LastSeenAsync(HubName tenant, KnownCertificate authority, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, cancel) => KnownCertificateRows.LastSeenBelowAsync(connection, tenant.Value, authority.Thumbprint, cancel), cancellationToken);
}
