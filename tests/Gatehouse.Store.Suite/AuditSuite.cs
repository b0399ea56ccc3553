using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Store.Audit;
using Xunit;

namespace Gatehouse.Store.Suite;

/// <summary>The hash chain shows what was done to it; pruning leaves an anchor.</summary>
public abstract class AuditSuite(StoreHost host) : StoreSuite(host)
{
    private AuditLog Log(long maxRecords = 1_000_000) => new(Database, new AuditOptions { MaxRecords = maxRecords });

    [Fact]
    public async Task An_empty_chain_is_whole() => Assert.Equal(new AuditVerification(0, 1, 0, null, null), await Log().VerifyAsync(Token));

    [Fact]
    public async Task Records_come_back_as_written_with_number_and_time()
    {
        var sparse = new AuditRecord { Actor = "server", Action = "hub.create", Subject = "hub" };
        var full = new AuditRecord { Hub = "hub", Actor = "policy:iothubowner", Action = "device.create", Subject = "Gerät/1", Detail = """{"status":"enabled"}""" };
        await Database.WriteAsync<int>(
            (write, _) =>
            {
                write.Audit(sparse);
                write.Audit(full);
                return Ok();
            },
            Token);

        var read = await Log().ReadAsync(null, 0, 10, Token);

        Assert.Equal([(1L, sparse), (2L, full)], read.Select(entry => (entry.Sequence, entry.Fields)));
        Assert.All(read, entry => Assert.Equal(Host.Time.GetUtcNow(), entry.Time));
        Assert.Equal([2L], (await Log().ReadAsync("hub", 0, 10, Token)).Select(entry => entry.Sequence));
        Assert.Equal([2L], (await Log().ReadAsync(null, 1, 10, Token)).Select(entry => entry.Sequence));
        Assert.Equal([1L], (await Log().ReadAsync(null, 0, 1, Token)).Select(entry => entry.Sequence));
        Assert.Equal(new AuditVerification(2, 1, 2, null, null), await Log().VerifyAsync(Token));
    }

    [Fact]
    public async Task Writers_on_two_servers_make_one_chain_without_gaps()
    {
        Database[] servers = [Database, Host.Open()];

        await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Task.Run(
            async () => Assert.True((await servers[number % 2].WriteAsync<int>(
                (write, _) =>
                {
                    write.Audit(new AuditRecord { Actor = "server", Action = "test.write", Subject = number.ToString() });
                    return Ok();
                },
                Token)).IsOk),
            Token)));

        Assert.Equal(new AuditVerification(40, 1, 40, null, null), await Log().VerifyAsync(Token));
        Assert.Equal(40, (await Log().ReadAsync(null, 0, 100, Token)).Select(entry => entry.Fields.Subject).Distinct().Count());
    }

    [Theory]
    [InlineData("UPDATE audit_log SET time = time + 1 WHERE sequence = 3", 3)]
    [InlineData("UPDATE audit_log SET hub = 'other' WHERE sequence = 3", 3)]
    [InlineData("UPDATE audit_log SET hub = NULL WHERE sequence = 3", 3)]
    [InlineData("UPDATE audit_log SET actor = 'policy:service' WHERE sequence = 1", 1)]
    [InlineData("UPDATE audit_log SET action = 'device.delete' WHERE sequence = 3", 3)]
    [InlineData("UPDATE audit_log SET subject = 'd9' WHERE sequence = 5", 5)]
    [InlineData("UPDATE audit_log SET detail = '{\"a\":2}' WHERE sequence = 3", 3)]
    [InlineData("UPDATE audit_log SET detail = NULL WHERE sequence = 3", 3)]
    [InlineData("UPDATE audit_log SET actor = 'policy:iothubownerdevice', action = '.create' WHERE sequence = 3", 3)]
    [InlineData("UPDATE audit_log SET hash = (SELECT hash FROM audit_log WHERE sequence = 2) WHERE sequence = 3", 3)]
    [InlineData("DELETE FROM audit_log WHERE sequence = 1", 1)]
    [InlineData("DELETE FROM audit_log WHERE sequence = 3", 3)]
    [InlineData("DELETE FROM audit_log WHERE sequence = 5", 5)]
    [InlineData("DELETE FROM audit_log", 1)]
    [InlineData("UPDATE audit_log SET sequence = 99 WHERE sequence = 2; UPDATE audit_log SET sequence = 2 WHERE sequence = 3; UPDATE audit_log SET sequence = 3 WHERE sequence = 99", 2)]
    [InlineData("DELETE FROM audit_log WHERE sequence = 5; UPDATE audit_head SET sequence = 4", 4)]
    [InlineData("UPDATE audit_head SET hash = (SELECT hash FROM audit_log WHERE sequence = 4)", 5)]
    [InlineData("UPDATE audit_head SET anchor_sequence = 2", 3)]
    [InlineData("INSERT INTO audit_log (sequence, time, actor, action, subject, hash) SELECT 6, time, actor, action, 'forged', hash FROM audit_log WHERE sequence = 5", 6)]
    [InlineData("INSERT INTO audit_log (sequence, time, actor, action, subject, hash) SELECT 0, time, actor, action, 'forged', hash FROM audit_log WHERE sequence = 5", 0)]
    public async Task Whatever_is_done_to_the_records_is_found_at_its_place(string sql, long brokenAt)
    {
        await Host.RecordAsync("d1", "d2");
        await Host.RecordAsync("d3", "d4", "d5");
        Assert.Null((await Log().VerifyAsync(Token)).Problem);

        await Host.TamperAsync(sql);

        var found = await Log().VerifyAsync(Token);
        Assert.Equal(brokenAt, found.BrokenAt);
        Assert.False(string.IsNullOrEmpty(found.Problem));
    }

    [Fact]
    public async Task Pruning_keeps_the_newest_and_the_rest_verifies_from_the_anchor()
    {
        await Host.RecordAsync("d1", "d2", "d3", "d4", "d5", "d6", "d7");
        var log = Log(maxRecords: 3);

        Assert.Equal(4, await log.PruneAsync(Token));

        var kept = await log.ReadAsync(null, 0, 10, Token);
        Assert.Equal([5L, 6L, 7L, 8L], kept.Select(entry => entry.Sequence));
        Assert.Equal(("audit.pruned", "server"), (kept[^1].Fields.Action, kept[^1].Fields.Actor));
        Assert.Equal(new AuditVerification(4, 5, 8, null, null), await log.VerifyAsync(Token));
        await Host.RecordAsync("d8");
        Assert.Null((await log.VerifyAsync(Token)).Problem);
    }

    [Theory]
    [InlineData(1_000, 1)]
    [InlineData(1_001, 2)]
    public async Task A_large_cut_is_made_a_thousand_records_at_a_time_and_each_is_recorded(int surplus, int cuts)
    {
        await Host.RecordAsync([.. Enumerable.Range(0, surplus + 3).Select(number => $"d{number}")]);
        var log = Log(maxRecords: 3);

        Assert.Equal(surplus, await log.PruneAsync(Token));

        Assert.Equal(new AuditVerification(3 + cuts, surplus + 1, surplus + 3 + cuts, null, null), await log.VerifyAsync(Token));
        Assert.Equal(cuts, (await log.ReadAsync(null, 0, 100, Token)).Count(entry => entry.Fields.Action == "audit.pruned"));
    }

    [Fact]
    public async Task A_log_within_its_size_is_not_pruned()
    {
        await Host.RecordAsync("d1", "d2", "d3");

        Assert.Equal(0, await Log(maxRecords: 3).PruneAsync(Token));

        Assert.Equal(3, await Host.CountAsync("audit_log"));
    }

    [Theory]
    [InlineData("UPDATE audit_log SET subject = 'x' WHERE sequence = 5", 5)]
    [InlineData("DELETE FROM audit_log WHERE sequence = 5", 5)]
    [InlineData("DELETE FROM audit_log WHERE sequence <= 6; UPDATE audit_head SET anchor_sequence = 6", 7)]
    [InlineData("UPDATE audit_head SET anchor_hash = hash", 5)]
    [InlineData("INSERT INTO audit_log (sequence, time, actor, action, subject, hash) SELECT 2, time, actor, action, 'forged', hash FROM audit_log WHERE sequence = 5", 2)]
    public async Task A_pruned_chain_still_shows_what_was_done_to_it(string sql, long brokenAt)
    {
        await Host.RecordAsync("d1", "d2", "d3", "d4", "d5", "d6", "d7");
        await Log(maxRecords: 3).PruneAsync(Token);

        await Host.TamperAsync(sql);

        Assert.Equal(brokenAt, (await Log().VerifyAsync(Token)).BrokenAt);
    }

    [Fact]
    public async Task Verifying_while_the_log_is_cut_or_grows_raises_no_alarm()
    {
        await Host.RecordAsync("d1", "d2", "d3", "d4", "d5", "d6", "d7");
        var cut = false;
        var busy = new WatchedDatabase(Database, async () =>
        {
            // Between the head's read and the records'.
            if (!cut)
            {
                cut = true;
                await Log(maxRecords: 3).PruneAsync(Token);
                await Host.RecordAsync("d8");
            }
        });

        var found = await new AuditLog(busy, new AuditOptions()).VerifyAsync(Token);

        Assert.True(cut);
        Assert.Null(found.Problem);
        Assert.Null(found.BrokenAt);
    }

    [Fact]
    public async Task A_refused_write_leaves_no_record_and_no_gap()
    {
        await Host.RecordAsync("d1");
        await Database.WriteAsync<int>(
            (write, _) =>
            {
                write.Audit(new AuditRecord { Actor = "server", Action = "test.write", Subject = "refused" });
                return Task.FromResult<Result<int>>(HubErrors.PreconditionFailed);
            },
            Token);
        await Host.RecordAsync("d2");

        Assert.Equal(["d1", "d2"], (await Log().ReadAsync(null, 0, 10, Token)).Select(entry => entry.Fields.Subject));
        Assert.Equal(new AuditVerification(2, 1, 2, null, null), await Log().VerifyAsync(Token));
    }
}
