using System.Diagnostics.Metrics;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gatehouse.Store.Suite;

/// <summary>Alarms about certificates that end: each once, whichever nodes look, by thresholds that fit the certificate's life.</summary>
public abstract class CertificateAlarmSuite(StoreHost host) : StoreSuite(host)
{
    private static readonly HubName Hub = HubName.Parse("hub");

    private static readonly ServiceProvider Meters = new ServiceCollection().AddMetrics().BuildServiceProvider();

    private readonly InventoryRooms rooms = new(Hub);
    private readonly LogLines log = new();

    private long Now => Host.Time.GetUtcNow().UtcTicks;

    [Fact]
    public async Task A_certificate_that_nears_its_end_rings_at_each_threshold_once_and_the_nearer_one_takes_the_place_of_the_former()
    {
        using var watch = Watch();
        await SaveAsync(Row("d1", 40));
        await watch.LookAsync(Token);
        Assert.Empty(await OpenAsync());

        foreach (var (advance, days) in new[] { (10, 30L), (23, 7L), (6, 1L), (1, 0L) })
        {
            Host.Time.Advance(TimeSpan.FromDays(advance));
            await watch.LookAsync(Token);
            await watch.LookAsync(Token);
            var alarm = Assert.Single(await OpenAsync());
            Assert.Equal(("device", "d1", days), (alarm.Kind, alarm.UsedBy, alarm.Days));
        }

        Assert.Equal([30L, 7L, 1L], (await ListAsync(isClosed: true)).Select(each => each.Days).OrderDescending());
        Assert.All(await ListAsync(isClosed: true), each => Assert.Equal("server", each.ClosedBy));
        Assert.Equal(4, log.Count("DeviceCertificatesEnd"));
        Assert.Equal(0, await Host.CountAsync("known_certificates WHERE next_alarm > 0"));
    }

    [Fact]
    public async Task Of_two_nodes_one_tells_of_it_and_a_restart_tells_nothing_twice()
    {
        using var one = Watch();
        using var two = Watch();
        await SaveAsync(Row("d1", 5));
        rooms.All.Add(Row("plant", 5) with { Kind = CertificateKinds.Authority, Thumbprint = "CA" });

        await Task.WhenAll(one.LookAsync(Token), two.LookAsync(Token));
        using var restarted = Watch();
        await restarted.LookAsync(Token);

        Assert.Equal(["ca", "device"], (await OpenAsync()).Select(each => each.Kind).Order());
        Assert.Equal((1, 1), (log.Count("DeviceCertificatesEnd"), log.Count("CertificateEnds")));
    }

    [Fact]
    public async Task A_threshold_beyond_a_third_of_its_life_is_passed_over_and_its_end_never()
    {
        using var watch = Watch();
        await SaveAsync(Row("month", 30, life: 30), Row("day", 1, life: 1));
        rooms.All.Add(Row("list", 7, life: 7) with { Kind = CertificateKinds.RevocationList });
        await watch.LookAsync(Token);
        Assert.Empty(await OpenAsync());

        Host.Time.Advance(TimeSpan.FromDays(1));
        await watch.LookAsync(Token);
        Assert.Equal(["day 0"], await NamesAsync());
        Host.Time.Advance(TimeSpan.FromDays(5));
        await watch.LookAsync(Token);
        Assert.Equal(["day 0", "list 1"], await NamesAsync());
        Host.Time.Advance(TimeSpan.FromDays(1));
        await watch.LookAsync(Token);
        Assert.Equal(["day 0", "list 0"], await NamesAsync());
        Host.Time.Advance(TimeSpan.FromDays(16));
        await watch.LookAsync(Token);
        Assert.Equal(["day 0", "list 0", "month 7"], await NamesAsync());
    }

    [Fact]
    public async Task A_device_with_something_newer_rings_not_and_an_alarm_is_void_once_it_has()
    {
        using var watch = Watch();
        await SaveAsync(Row("renewed", 5), Row("renewed", 100, life: 110), Row("late", 5), Row("deleted", 5));
        await watch.LookAsync(Token);
        Assert.Equal(["deleted 7", "late 7"], (await NamesAsync()).Order(StringComparer.Ordinal));
        await watch.CloseVoidAsync(Token);
        Assert.Equal(2, (await OpenAsync()).Count);

        await SaveAsync(Row("late", 100, life: 110));
        await Host.Database.WriteAsync<bool>(
            async (write, cancel) =>
            {
                await KnownCertificateRows.RetireAsync(write, Hub.Value, "deleted", null, null, cancel);
                return true;
            },
            Token);
        await watch.CloseVoidAsync(Token);

        Assert.Empty(await OpenAsync());
    }

    [Fact]
    public async Task A_revoked_successor_leaves_the_device_with_what_ends_and_it_rings_at_the_next_threshold()
    {
        using var watch = Watch();
        var successor = Row("d1", 100, life: 110);
        await SaveAsync(Row("d1", 5), successor);
        await watch.LookAsync(Token);
        Assert.Empty(await OpenAsync());
        await Host.Database.WriteAsync<bool>(
            async (write, cancel) =>
            {
                await KnownCertificateRows.RevokeAsync(write, Hub.Value, "d1", successor.Thumbprint, cancel);
                return true;
            },
            Token);

        Host.Time.Advance(TimeSpan.FromDays(4));
        await watch.LookAsync(Token);

        Assert.Equal(["d1 1"], await NamesAsync());
    }

    [Fact]
    public async Task CAs_lists_and_the_server_s_own_ring_too_and_those_that_are_gone_or_followed_are_void()
    {
        using var watch = Watch();
        var list = Row("plant", 6, life: 30) with { Kind = CertificateKinds.RevocationList, Thumbprint = "L1" };
        rooms.All.AddRange([Row("plant", 20) with { Kind = CertificateKinds.Authority }, list, Row("present", 6) with { Kind = CertificateKinds.Server }, Row("", -1) with { Kind = CertificateKinds.ServerRoot }]);
        await watch.LookAsync(Token);
        Assert.Equal([("server-root", 0L), ("crl", 7), ("server", 7), ("ca", 30)], (await OpenAsync()).Select(each => (each.Kind, each.Days)).OrderBy(each => each.Days).ThenBy(each => each.Kind, StringComparer.Ordinal));
        Assert.Equal((3, 1), (log.Count("CertificateEnds"), log.Count("CertificateHasEnded")));

        rooms.All.Clear();
        rooms.All.Add(list with { Thumbprint = "L2", NotAfter = list.NotAfter + (30 * TimeSpan.TicksPerDay) });
        await watch.CloseVoidAsync(Token);

        // What another node shows, this one does not know.
        Assert.Equal(["server", "server-root"], (await OpenAsync()).Select(each => each.Kind).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_ended_long_ago_and_becomes_known_now_rings_not()
    {
        using var watch = Watch();
        await SaveAsync(Row("yesterday", -1), Row("month", -30));
        rooms.All.Add(Row("ca", -30) with { Kind = CertificateKinds.Authority });

        await watch.LookAsync(Token);

        Assert.Equal(["yesterday 0"], await NamesAsync());
        Assert.Equal(0, await Host.CountAsync("known_certificates WHERE next_alarm > 0"));
    }

    [Fact]
    public async Task Alarms_are_read_by_page_and_acknowledged_one_by_one_or_all_at_once_with_a_record()
    {
        using var watch = Watch();
        var alarms = new CertificateAlarms(Database, Host.Time);
        await SaveAsync([.. Enumerable.Range(1, 6).Select(number => Row($"d{number}", number))]);
        await watch.LookAsync(Token);

        var paged = new List<AlarmView>();
        for (string? next = ""; next is not null;)
        {
            var page = await alarms.ListAsync(Hub, new AlarmQuery(false, AlarmPlace.Read(next)!, 4), Token);
            paged.AddRange(page.Value);
            next = page.Next;
        }

        Assert.Equal(["d1", "d2", "d3", "d4", "d5", "d6"], paged.Select(each => each.UsedBy));
        Assert.Equal(1, (await alarms.AcknowledgeAsync(Hub, paged[1].Id, "policy:x", Token))!.Acknowledged);
        Assert.Equal(0, (await alarms.AcknowledgeAsync(Hub, paged[1].Id, "policy:y", Token))!.Acknowledged);
        Assert.Null(await alarms.AcknowledgeAsync(Hub, "none", "policy:x", Token));
        Assert.Null(await alarms.AcknowledgeAsync(HubName.Parse("other"), paged[1].Id, "policy:x", Token));
        Assert.Equal(5, (await alarms.AcknowledgeAsync(Hub, "all", "policy:x", Token))!.Acknowledged);
        await watch.LookAsync(Token);

        Assert.Empty(await OpenAsync());
        Assert.All(await ListAsync(isClosed: true), each => Assert.Equal("policy:x", each.ClosedBy));
        Assert.Equal(
            [("certificateAlarm.acknowledge", "d2", """{"alarms":1}"""), ("certificateAlarm.acknowledge", "all", """{"alarms":5}""")],
            (await new AuditLog(Database, new AuditOptions()).ReadAsync("hub", 0, 10, Token)).Select(each => (each.Fields.Action, each.Fields.Subject, each.Fields.Detail!)));
    }

    [Fact]
    public async Task More_than_a_batch_rings_at_one_look_and_the_log_tells_of_them_in_a_few_lines()
    {
        using var watch = Watch();
        await SaveAsync([.. Enumerable.Range(1, 1_200).Select(number => Row($"d{number}", 5))]);

        await watch.LookAsync(Token);

        Assert.Equal(1_200, await Host.CountAsync("certificate_alarms WHERE is_open = 1"));
        Assert.Equal(3, log.Count("DeviceCertificatesEnd"));
        Assert.Equal(1_200, (await new CertificateAlarms(Database, Host.Time).AcknowledgeAsync(Hub, "all", "policy:x", Token))!.Acknowledged);
    }

    [Fact]
    public async Task What_ended_long_ago_is_forgotten_with_its_alarms()
    {
        using var watch = Watch();
        await SaveAsync(Row("d1", 1), Row("d2", 200));
        await watch.LookAsync(Token);
        Host.Time.Advance(TimeSpan.FromDays(90));
        await watch.SweepAsync(Token);
        Assert.Equal((2, 1), (await Host.CountAsync("known_certificates"), await Host.CountAsync("certificate_alarms")));

        Host.Time.Advance(TimeSpan.FromDays(2));
        await watch.SweepAsync(Token);

        Assert.Equal((1, 0), (await Host.CountAsync("known_certificates"), await Host.CountAsync("certificate_alarms")));
    }

    [Fact]
    public async Task Thresholds_are_the_operator_s()
    {
        using var watch = Watch(new CertificateAlarmOptions { Days = [2, 60, 2] });
        rooms.All.Add(Row("ca", 50) with { Kind = CertificateKinds.Authority });
        await watch.LookAsync(Token);
        Assert.Equal(["ca 60"], await NamesAsync());

        Host.Time.Advance(TimeSpan.FromDays(44));
        await watch.LookAsync(Token);
        Assert.Equal(["ca 60"], await NamesAsync());
        Host.Time.Advance(TimeSpan.FromDays(4));
        await watch.LookAsync(Token);
        Assert.Equal(["ca 2"], await NamesAsync());
    }

    [Fact]
    public async Task Other_thresholds_hold_from_the_next_start_on_for_what_was_seen_before_too()
    {
        using var before = Watch();
        await SaveAsync(Row("d1", 50), Row("d2", 20), Row("d3", 100));
        await before.LookAsync(Token);
        Assert.Equal(["d2 30"], await NamesAsync());

        using var after = Watch(new CertificateAlarmOptions { Days = [60, 14] });
        await after.LookAsync(Token);

        Assert.Equal(["d1 60", "d2 60"], (await NamesAsync()).Except(["d2 30"]).Order(StringComparer.Ordinal));
        Assert.Equal(1, await Host.CountAsync($"known_certificates WHERE owner = 'd3' AND next_alarm = {Now + (40 * TimeSpan.TicksPerDay)}"));
        Host.Time.Advance(TimeSpan.FromDays(6));
        await after.LookAsync(Token);
        Assert.Contains("d2 14", await NamesAsync());
    }

    private KnownCertificate Row(string owner, int days, int life = 365) => InventoryRooms.Row(Hub, owner, Now, days, life);

    private async Task SaveAsync(params KnownCertificate[] rows) => await Host.Database.WriteAsync<bool>(
        async (write, cancel) =>
        {
            foreach (var row in rows)
            {
                await Inventory(new()).RecordAsync(write, row, cancel);
            }

            return true;
        },
        Token);

    private async Task<IReadOnlyList<AlarmView>> ListAsync(bool isClosed) => (await new CertificateAlarms(Database, Host.Time).ListAsync(Hub, new AlarmQuery(isClosed, AlarmPlace.Start, 1000), Token)).Value;

    private Task<IReadOnlyList<AlarmView>> OpenAsync() => ListAsync(isClosed: false);

    private async Task<IReadOnlyList<string>> NamesAsync() => [.. (await OpenAsync()).Select(each => $"{each.UsedBy} {each.Days}")];

    private CertificateInventory Inventory(CertificateAlarmOptions options)
    {
#pragma warning disable CA2000 // Holds nothing that is not the collector's.
        var sightings = new CertificateSightings(Database, new(), options, Host.Time, log.For<CertificateSightings>());
#pragma warning restore CA2000
        return new CertificateInventory(Database, [rooms], sightings, options, Host.Time);
    }

    private CertificateAlarmWatch Watch(CertificateAlarmOptions? options = null)
    {
        var chosen = options ?? new CertificateAlarmOptions();
        return new CertificateAlarmWatch(Database, Inventory(chosen), chosen, Host.Time, Meters.GetRequiredService<IMeterFactory>(), log.For<CertificateAlarmWatch>());
    }

    /// <summary>Names of the events that were logged.</summary>
    private sealed class LogLines
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> names = new();

        internal int Count(string name) => names.Count(each => each == name);

        internal ILogger<T> For<T>() => new Log<T>(names);

        private sealed class Log<T>(System.Collections.Concurrent.ConcurrentQueue<string> names) : ILogger<T>
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => names.Enqueue(eventId.Name ?? "");
        }
    }
}
