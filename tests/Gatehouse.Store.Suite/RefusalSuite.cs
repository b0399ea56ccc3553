using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Refusals;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Store.Suite;

/// <summary>Refusals are written behind, each one accounted for, and what a peer can make the store hold is bounded.</summary>
public abstract class RefusalSuite(StoreHost host) : StoreSuite(host)
{
    private RefusalLog Log(RefusalOptions? options = null) => new(Database, options ?? new RefusalOptions(), Host.Time, NullLogger<RefusalLog>.Instance);

    [Fact]
    public async Task A_refusal_is_found_by_its_identity_and_stands_in_the_chain()
    {
        await using (var log = Log())
        {
            log.Report(Make("d1"));
            log.Report(Make("d2") with { Reason = RefusalReason.UnknownIdentity, RemoteAddress = null });
            log.Report(Make("d1") with { Detail = "again" });
            await WrittenAsync(3);

            var found = await log.ReadAsync("hub", "d1", 10, Token);

            Assert.Equal(["again", "The token expired 3 s ago."], found.Select(each => each.Detail));
            Assert.Equal(("d1", "TokenExpired", 401003, "mqtt", "192.0.2.1", 0L), (found[1].Claimed, found[1].Reason, found[1].ErrorCode, found[1].Protocol, found[1].RemoteAddress, found[1].Repeats));
            Assert.Equal(3, (await log.ReadAsync("hub", null, 10, Token)).Count);
            Assert.Single(await log.ReadAsync("hub", null, 1, Token));
            Assert.Empty(await log.ReadAsync("other", "d1", 10, Token));
        }

        var audit = new AuditLog(Database, new AuditOptions());
        var records = await audit.ReadAsync("hub", 0, 10, Token);
        Assert.Equal([("peer:192.0.2.1", "connect.refused", "d1"), ("peer", "connect.refused", "d2"), ("peer:192.0.2.1", "connect.refused", "d1")], records.Select(entry => (entry.Fields.Actor, entry.Fields.Action, entry.Fields.Subject)));
        Assert.Null((await audit.VerifyAsync(Token)).Problem);
    }

    [Fact]
    public async Task The_same_refusal_over_and_over_is_ten_records_a_minute_and_one_that_counts_the_rest()
    {
        await using var log = Log();
        for (var i = 0; i < 100; i++)
        {
            log.Report(Make("d1"));
        }

        await WrittenAsync(10);
        Host.Time.Advance(TimeSpan.FromMinutes(1));
        await WrittenAsync(11);

        var found = await log.ReadAsync("hub", "d1", 100, Token);
        Assert.Equal(100, found.Sum(each => 1 + each.Repeats));
        log.Report(Make("d1"));
        await WrittenAsync(12);
    }

    [Fact]
    public async Task Different_reasons_and_addresses_are_told_apart()
    {
        await using var log = Log(new RefusalOptions { SinglesPerMinute = 1 });
        log.Report(Make("d1"));
        log.Report(Make("d1") with { RemoteAddress = "192.0.2.2" });
        log.Report(Make("d1") with { Reason = RefusalReason.TokenSignatureWrong });
        log.Report(Make("d1"));

        await WrittenAsync(3);
        Host.Time.Advance(TimeSpan.FromMinutes(1));
        await WrittenAsync(4);
    }

    [Fact]
    public async Task A_flood_of_invented_names_writes_no_more_than_the_table_holds()
    {
        await using (var log = Log(new RefusalOptions { MaxKindsPerMinute = 5 }))
        {
            for (var i = 0; i < 200; i++)
            {
                log.Report(Make($"invented-{i}"));
            }
        }

        Assert.Equal(6, await Host.CountAsync("refusals"));
        Assert.Equal(200, await AccountedAsync());
    }

    [Fact]
    public async Task What_overflows_the_queue_is_counted()
    {
        await using (var log = Log(new RefusalOptions { MaxWaiting = 4, SinglesPerMinute = 1000 }))
        {
            for (var i = 0; i < 300; i++)
            {
                log.Report(Make("d1"));
            }
        }

        Assert.InRange(await Host.CountAsync("refusals"), 2, 20);
        Assert.Equal(300, await AccountedAsync());
    }

    [Fact]
    public async Task Only_the_newest_of_an_identity_and_the_newest_of_all_are_kept()
    {
        await using var log = Log(new RefusalOptions { KeptPerIdentity = 3, KeptInAll = 5, SinglesPerMinute = 100 });
        for (var i = 0; i < 10; i++)
        {
            log.Report(Make("d1") with { Detail = $"{i}" });
        }

        await WrittenAsync(3, audit: 10);
        Assert.Equal(["9", "8", "7"], (await log.ReadAsync("hub", "d1", 100, Token)).Select(each => each.Detail));
        for (var i = 0; i < 4; i++)
        {
            log.Report(Make($"other-{i}"));
        }

        await WrittenAsync(5, audit: 14);
        Assert.Equal(["9"], (await log.ReadAsync("hub", "d1", 100, Token)).Select(each => each.Detail));
    }

    [Fact]
    public async Task What_a_peer_claims_cannot_harm_the_store_or_a_terminal()
    {
        await using var log = Log();
        log.Report(Make("a\0b\u001b[31m\ud800") with { Detail = "line\nline", Hub = "hub" });
        log.Report(Make(new string('x', 5000)));
        await WrittenAsync(2);

        var found = await log.ReadAsync("hub", null, 10, Token);

        Assert.Equal(1024, found[0].Claimed.Length);
        Assert.Equal(("a\ufffdb\ufffd[31m\ufffd", "line\ufffdline"), (found[1].Claimed, found[1].Detail));
        Assert.Equal("line\ufffdline", Assert.Single(await log.ReadAsync("hub", "a\0b\u001b[31m\ud800", 10, Token)).Detail);
    }

    [Fact]
    public async Task Ending_writes_what_waits()
    {
        var log = Log();
        log.Report(Make("d1"));
        log.Report(Make("d2"));

        await log.DisposeAsync();
        await log.DisposeAsync();

        Assert.Equal(2, await Host.CountAsync("refusals"));
    }

    private static Refusal Make(string claimed) => new()
    {
        Hub = "hub",
        Claimed = claimed,
        Reason = RefusalReason.TokenExpired,
        Error = HubErrors.IotHubUnauthorized,
        Detail = "The token expired 3 s ago.",
        Protocol = "mqtt",
        RemoteAddress = "192.0.2.1",
    };

    private Task<long> AccountedAsync() => Host.ScalarAsync("SELECT COUNT(*) + SUM(repeats) FROM refusals");

    /// <summary>Lets the gather time pass until so many rows (and audit records) are there.</summary>
    private async Task WrittenAsync(long rows, long? audit = null)
    {
        for (var i = 0; i < 500; i++)
        {
            if (await Host.CountAsync("refusals") == rows && (audit is null || await Host.CountAsync("audit_log") == audit))
            {
                return;
            }

            Host.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(10, Token);
        }

        Assert.Equal(rows, await Host.CountAsync("refusals"));
    }
}
