using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store.Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Store.Suite;

/// <summary>Certificates that were seen, issued or stand elsewhere, in one order, page by page; and what ends when.</summary>
public abstract class CertificateInventorySuite(StoreHost host) : StoreSuite(host)
{
    private static readonly HubName Hub = HubName.Parse("hub");

    private readonly InventoryRooms rooms = new(Hub);

    private long Now => Host.Time.GetUtcNow().UtcTicks;

    [Fact]
    public async Task What_was_shown_is_listed_with_who_showed_it_and_when_it_was_seen_last()
    {
        using var authority = SelfSigned("CN=Plant CA");
        using var leaf = SelfSigned("CN=d1");
        using var stranger = SelfSigned("CN=Whatever");
        var sightings = Sightings();
        var began = Host.Time.GetUtcNow().UtcDateTime;
        sightings.Seen(Hub, "d1", "", ThumbprintOf(leaf), ThumbprintOf(authority), new PeerCertificate(leaf, [authority, stranger]), [0, CertificateMark.Of(authority.RawData).Short]);
        Host.Time.Advance(TimeSpan.FromHours(1));
        sightings.Seen(Hub, "d1", "", ThumbprintOf(leaf), ThumbprintOf(authority), new PeerCertificate(leaf, [authority, stranger]), [0, CertificateMark.Of(authority.RawData).Short]);
        sightings.Seen(Hub, "d1", "camera", ThumbprintOf(leaf), "", new PeerCertificate(leaf, []), null);

        var all = (await Inventory(sightings).ListAsync(Hub, new(), InventoryPlace.Start, 10, Token)).Value;

        var device = Assert.Single(all, each => each.UsedBy == "d1");
        Assert.Equal(
            ("device", "CN=d1", "CN=d1", leaf.SerialNumber, ThumbprintOf(leaf), "ec-p256", "current", ThumbprintOf(authority), began, began.AddHours(1)),
            (device.Kind, device.Subject, device.Issuer, device.SerialNumber, device.Sha256Thumbprint, device.KeyType, device.Status, device.AuthoritySha256, device.FirstSeen!.Value, device.LastSeen!.Value));
        Assert.Equal((leaf.NotBefore.ToUniversalTime(), leaf.NotAfter.ToUniversalTime()), (device.NotBefore, device.NotAfter));
        Assert.Null(Assert.Single(all, each => each.UsedBy == "d1/camera").AuthoritySha256);
        var above = Assert.Single(all, each => each.Kind == "intermediate");
        Assert.Equal((null, "CN=Plant CA", began.AddHours(1)), (above.UsedBy, above.Subject, above.LastSeen!.Value));
        Assert.Equal(3, all.Count);
        Assert.Empty((await Inventory().ListAsync(HubName.Parse("other"), new(), InventoryPlace.Start, 10, Token)).Value);
    }

    [Fact]
    public async Task Of_two_nodes_the_later_time_wins_whichever_writes_last()
    {
        using var leaf = SelfSigned("CN=d1");
        var (early, late) = (Sightings(), Sightings());
        early.Seen(Hub, "d1", "", ThumbprintOf(leaf), "", new PeerCertificate(leaf, []), null);
        Host.Time.Advance(TimeSpan.FromMinutes(1));
        late.Seen(Hub, "d1", "", ThumbprintOf(leaf), "", new PeerCertificate(leaf, []), null);

        await late.FlushAsync(Token);
        await early.FlushAsync(Token);

        Assert.Equal(Host.Time.GetUtcNow().UtcDateTime, Assert.Single((await Inventory().ListAsync(Hub, new(), InventoryPlace.Start, 10, Token)).Value).LastSeen);
    }

    [Fact]
    public async Task What_finds_no_room_is_left_out_until_it_comes_again_and_a_disposed_certificate_harms_nobody()
    {
        using var first = SelfSigned("CN=d1");
        using var second = SelfSigned("CN=d2");
        var sightings = Sightings(new SightingOptions { MaxWaiting = 1 });
        var gone = SelfSigned("CN=d0");
        var thumbprint = ThumbprintOf(gone);
        gone.Dispose();

        sightings.Seen(Hub, "d0", "", thumbprint, "", new PeerCertificate(gone, []), null);
        sightings.Seen(Hub, "d1", "", ThumbprintOf(first), "", new PeerCertificate(first, []), null);
        sightings.Seen(Hub, "d2", "", ThumbprintOf(second), "", new PeerCertificate(second, []), null);
        Assert.Equal(["d1"], await OwnersAsync(sightings));
        sightings.Seen(Hub, "d2", "", ThumbprintOf(second), "", new PeerCertificate(second, []), null);
        Assert.Equal(["d1", "d2"], (await OwnersAsync(sightings)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Of_one_owner_so_many_are_kept_and_of_those_above_devices_and_known_ones_are_still_seen()
    {
        foreach (var (owner, kind, most) in new[] { ("d1", CertificateKinds.Device, KnownCertificateRows.MaxPerOwner), ("", CertificateKinds.Intermediate, KnownCertificateRows.MaxAbove) })
        {
            var rows = Enumerable.Range(0, most).Select(_ => Row(owner, 100) with { Kind = kind }).ToArray();
            await SaveAsync(rows);
            Assert.Equal(most, await Host.CountAsync($"known_certificates WHERE kind = '{kind}'"));

            await SaveAsync(Row(owner, 100) with { Kind = kind }, rows[0] with { LastSeen = Now + 1 });

            Assert.Equal((most, 1), (await Host.CountAsync($"known_certificates WHERE kind = '{kind}'"), await Host.CountAsync($"known_certificates WHERE kind = '{kind}' AND last_seen = {Now + 1}")));
        }

        await SaveAsync(Row("d2", 100));
        Assert.Equal(1, await Host.CountAsync("known_certificates WHERE owner = 'd2'"));
    }

    [Fact]
    public async Task Pages_follow_one_another_across_kinds_and_leave_nothing_out()
    {
        string[] owners = ["a-1", "B:2", "c.3", "d_4"];
        foreach (var owner in owners)
        {
            await SaveAsync(Row(owner, 10), Row(owner, 20) with { Kind = CertificateKinds.Issued });
        }

        // One certificate of many devices, and the same end for all.
        await SaveAsync([.. owners.Select(owner => Row(owner, 15) with { Thumbprint = "00FF", Module = "m" }), Row("", 15) with { Thumbprint = "00FF", Kind = CertificateKinds.Intermediate }]);
        rooms.All.AddRange([Row("ca-1", 15) with { Kind = CertificateKinds.Authority, Thumbprint = "00FF" }, Row("ca-2", 15) with { Kind = CertificateKinds.Authority, Thumbprint = "00FF" }, Row("present", 1) with { Kind = CertificateKinds.Server }]);

        var whole = (await Inventory().ListAsync(Hub, new(), InventoryPlace.Start, 1000, Token)).Value;
        Assert.Equal(16, whole.Count);
        Assert.Equal(whole.Select(each => each.NotAfter).Order(), whole.Select(each => each.NotAfter));
        foreach (var size in new[] { 1, 2, 3, 5, 15, 16 })
        {
            var paged = new List<CertificateView>();
            for (string? next = ""; next is not null;)
            {
                var page = await Inventory().ListAsync(Hub, new(), InventoryPlace.Read(next)!, size, Token);
                Assert.True(page.Value.Count <= size);
                paged.AddRange(page.Value);
                next = page.Next;
            }

            Assert.Equal(whole, paged);
        }
    }

    [Fact]
    public async Task The_list_is_narrowed_by_kind_issuer_and_end()
    {
        await SaveAsync(Row("d1", 1), Row("d2", 5) with { Issuer = "CN=Other" }, Row("d3", 9) with { Kind = CertificateKinds.Issued });
        rooms.All.Add(Row("ca", 3) with { Kind = CertificateKinds.Authority });

        Assert.Equal(["d1", "d2"], await OwnersAsync(filter: new("device")));
        Assert.Equal(["ca"], await OwnersAsync(filter: new("ca")));
        Assert.Equal(["d2"], await OwnersAsync(filter: new(null, "CN=Other")));
        Assert.Empty(await OwnersAsync(filter: new("issued", "CN=Other")));
        Assert.Equal(["d1", "ca", "d2"], await OwnersAsync(filter: new(EndsBefore: Now + (5 * TimeSpan.TicksPerDay) + 1)));
        Assert.Equal(["d1", "ca"], await OwnersAsync(filter: new(EndsBefore: Now + (5 * TimeSpan.TicksPerDay))));
    }

    [Fact]
    public async Task A_forecast_counts_by_period_and_only_devices_without_anything_newer_fail()
    {
        // It is Tuesday, 24 November 2026, 08:00.
        await SaveAsync(
            Row("old", 3, life: 90), Row("old", 60, life: 65), // has a newer one
            Row("fails", 3, life: 30),
            Row("short", 4, life: 5), Row("short", 300, life: 365), // moved to short-lived ones, which begin later
            Row("gone", 5),
            Row("far", 200));
        await Host.Database.WriteAsync<bool>(
            async (write, cancel) =>
            {
                await KnownCertificateRows.RetireAsync(write, Hub.Value, "gone", null, null, cancel);
                return true;
            },
            Token);
        rooms.All.Add(Row("plant", 10) with { Kind = CertificateKinds.Authority, Thumbprint = "CA" });

        var days = await Inventory().ForecastAsync(Hub, Input("day"), Token);
        Assert.Equal([("2026-11-27", 2, 1, 0), ("2026-11-28", 1, 1, 0), ("2026-12-04", 0, 0, 1), ("2027-01-23", 1, 1, 0)], days.Periods.Select(Shape));
        Assert.Equal(["fails", "short", "old"], days.Devices.Value.Select(each => each.UsedBy));
        var (above, below) = Assert.Single(days.Above);
        Assert.Equal(("ca", "plant", 0L), (above.Kind, above.UsedBy, below));

        Assert.Equal([("2026-11-23", 3, 2, 0), ("2026-11-30", 0, 0, 1), ("2027-01-18", 1, 1, 0)], (await Inventory().ForecastAsync(Hub, Input("week"), Token)).Periods.Select(Shape));
        Assert.Equal([("2026-11-01", 3, 2, 0), ("2026-12-01", 0, 0, 1), ("2027-01-01", 1, 1, 0)], (await Inventory().ForecastAsync(Hub, Input("month"), Token)).Periods.Select(Shape));

        var first = await Inventory().ForecastAsync(Hub, Input("week") with { Max = 2 }, Token);
        Assert.Equal(["fails", "short"], first.Devices.Value.Select(each => each.UsedBy));
        var second = await Inventory().ForecastAsync(Hub, Input("week") with { Max = 2, After = InventoryPlace.Read(first.Devices.Next)! }, Token);
        Assert.Equal(["old"], second.Devices.Value.Select(each => each.UsedBy));
        Assert.Equal((null, 0, 0), (second.Devices.Next, second.Periods.Count, second.Above.Count));
    }

    [Fact]
    public async Task Devices_below_a_CA_that_ends_are_counted_by_the_path_they_came_by_or_their_issuer()
    {
        await SaveAsync(
            Row("d1", 300) with { Authority = "CA" }, Row("d1", 301) with { Authority = "CA" }, Row("d1", 300) with { Module = "m", Authority = "CA" },
            Row("d2", 300) with { Authority = "OTHER", Issuer = "CN=Line" },
            Row("", 20) with { Kind = CertificateKinds.Intermediate, Subject = "CN=Line" });
        rooms.All.Add(Row("plant", 10) with { Kind = CertificateKinds.Authority, Thumbprint = "CA" });

        var above = (await Inventory().ForecastAsync(Hub, Input("week"), Token)).Above;

        Assert.Equal([("ca", 2L), ("intermediate", 1L)], above.Select(each => (each.Certificate.Kind, each.Devices)));
        Assert.Equal(new DateTime(Now, DateTimeKind.Utc), Assert.Single((await Inventory().ListAsync(Hub, new("ca"), InventoryPlace.Start, 9, Token)).Value).LastSeen);
    }

    [Fact]
    public async Task What_was_revoked_or_whose_owner_is_gone_is_former_and_what_comes_again_is_current()
    {
        using var leaf = SelfSigned("CN=d1");
        using var issued = SelfSigned("CN=r1");
        var sightings = Sightings();
        sightings.Seen(Hub, "d1", "", ThumbprintOf(leaf), "", new PeerCertificate(leaf, []), null);
        await sightings.FlushAsync(Token);
        await SaveAsync(Row("r1", 50) with { Kind = CertificateKinds.Issued, Thumbprint = ThumbprintOf(issued) });
        await Host.Database.WriteAsync<bool>(
            async (write, cancel) =>
            {
                await KnownCertificateRows.RetireAsync(write, Hub.Value, "d1", null, null, cancel);
                await KnownCertificateRows.RevokeAsync(write, Hub.Value, "r1", ThumbprintOf(issued), cancel);
                return true;
            },
            Token);
        Assert.All((await Inventory().ListAsync(Hub, new(), InventoryPlace.Start, 9, Token)).Value, each => Assert.Equal("former", each.Status));
        Assert.Equal(0, await Host.CountAsync("known_certificates WHERE next_alarm > 0"));

        Host.Time.Advance(TimeSpan.FromMinutes(1));
        sightings.Seen(Hub, "d1", "", ThumbprintOf(leaf), "", new PeerCertificate(leaf, []), null);
        sightings.Seen(Hub, "r1", "", ThumbprintOf(issued), "", new PeerCertificate(issued, []), null);
        await sightings.FlushAsync(Token);

        Assert.Equal(1, await Host.CountAsync("known_certificates WHERE owner = 'd1' AND is_current = 1 AND next_alarm > 0"));
        Assert.Equal(1, await Host.CountAsync($"known_certificates WHERE owner = 'r1' AND is_current = 0 AND kind = 'issued' AND last_seen = {Now}"));
        Host.Time.Advance(TimeSpan.FromDays(400));
        Assert.All((await Inventory().ListAsync(Hub, new(), InventoryPlace.Start, 9, Token)).Value, each => Assert.Equal("ended", each.Status));
    }

    [Theory]
    [InlineData("kind", "leaf")]
    [InlineData("expiresBefore", "soon")]
    [InlineData("max", "0")]
    [InlineData("max", "1001")]
    [InlineData("after", "x")]
    [InlineData("after", "1:AA:device:no-slash")]
    [InlineData("after", "1:AA:nothing:d1/")]
    [InlineData("after", "-1:AA:device:d1/")]
    [InlineData("issuer", "a\0b")]
    public void A_query_that_makes_no_sense_is_refused_in_one_sentence(string name, string text)
    {
        var fault = InventoryQuery.ReadPage(each => each == name ? text : null, out _, out _, out _);

        Assert.NotNull(fault);
        Assert.Contains(name, fault, StringComparison.Ordinal);
        Assert.Null(InventoryQuery.ReadPage(_ => null, out _, out _, out _));
    }

    [Theory]
    [InlineData("by", "year")]
    [InlineData("withinDays", "0")]
    [InlineData("withinDays", "3651")]
    [InlineData("max", "-1")]
    [InlineData("after", ":")]
    public void So_is_a_forecast_of_that_kind(string name, string text)
    {
        Assert.Contains(name, InventoryQuery.ReadForecast(each => each == name ? text : null, out _)!, StringComparison.Ordinal);
        Assert.Null(InventoryQuery.ReadForecast(_ => null, out _));
    }

    private static (string, int, int, int) Shape(EndingPeriod period) => (period.Start.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), (int)period.Certificates, (int)period.Devices, (int)period.Others);

    private static ForecastInput Input(string by) => new(by, 90, InventoryPlace.Start, 100);

    private static string ThumbprintOf(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);

    private X509Certificate2 SelfSigned(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSelfSigned(Host.Time.GetUtcNow().AddDays(-1), Host.Time.GetUtcNow().AddDays(365));
    }

    /// <summary>Ends in so many days.</summary>
    private KnownCertificate Row(string owner, int days, int life = 365) => InventoryRooms.Row(Hub, owner, Now, days, life);

    private async Task SaveAsync(params KnownCertificate[] rows) => await Host.Database.WriteAsync<bool>(
        async (write, cancel) =>
        {
            foreach (var row in rows)
            {
                await Inventory().RecordAsync(write, row, cancel);
            }

            return true;
        },
        Token);

    private async Task<IEnumerable<string?>> OwnersAsync(CertificateSightings? sightings = null, InventoryFilter? filter = null) =>
        (await Inventory(sightings).ListAsync(Hub, filter ?? new(), InventoryPlace.Start, 100, Token)).Value.Select(each => each.UsedBy);

    private CertificateSightings Sightings(SightingOptions? options = null) => new(Database, options ?? new(), new(), Host.Time, NullLogger<CertificateSightings>.Instance);

    private CertificateInventory Inventory(CertificateSightings? sightings = null) => new(Database, [rooms], sightings ?? Sightings(), new(), Host.Time);
}
