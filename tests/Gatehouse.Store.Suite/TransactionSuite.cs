using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Signals;
using Gatehouse.Store.Audit;
using Xunit;

namespace Gatehouse.Store.Suite;

/// <summary>Writes are whole or not at all, one after the other where they meet, and what they say leaves after the commit.</summary>
public abstract class TransactionSuite(StoreHost host) : StoreSuite(host)
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Host.TamperAsync("CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, amount BIGINT NOT NULL)");
    }

    [Fact]
    public async Task A_committed_write_is_seen_by_another_server()
    {
        Assert.Equal(7, (await Database.WriteAsync<long>(async (write, _) => await InsertAsync(write, "a", 7), Token)).Value);

        Assert.Equal(7, await AmountAsync(Host.Open(), "a"));
    }

    [Fact]
    public async Task An_error_result_leaves_nothing()
    {
        var result = await Database.WriteAsync<long>(
            async (write, _) =>
            {
                await InsertAsync(write, "a", 1);
                write.Audit(Record("a"));
                write.Signal(new Signal("subject", "hub", "a"));
                return HubErrors.PreconditionFailed;
            },
            Token);

        Assert.Same(HubErrors.PreconditionFailed, result.Error);
        await AssertNothingAsync();
    }

    [Fact]
    public async Task An_exception_leaves_nothing_and_the_next_write_works()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => Database.WriteAsync<long>(
            async (write, _) =>
            {
                await InsertAsync(write, "a", 1);
                write.Audit(Record("a"));
                write.Signal(new Signal("subject", "hub", "a"));
                throw new InvalidDataException();
            },
            Token));

        await AssertNothingAsync();
        Assert.True((await Database.WriteAsync<long>(async (write, _) => await InsertAsync(write, "a", 2), Token)).IsOk);
    }

    [Fact]
    public async Task Failed_sql_leaves_nothing_and_the_dialect_knows_a_double_key()
    {
        await Database.WriteAsync<long>(async (write, _) => await InsertAsync(write, "a", 1), Token);

        var error = await Assert.ThrowsAnyAsync<DbException>(() => Database.WriteAsync<long>(
            async (write, _) =>
            {
                await InsertAsync(write, "b", 1);
                return await InsertAsync(write, "a", 2);
            },
            Token));

        Assert.True(Database.Dialect.IsUniqueViolation(error));
        Assert.Equal(1, await Host.CountAsync("counters"));
        var other = await Assert.ThrowsAnyAsync<DbException>(() => Host.TamperAsync("INSERT INTO counters (name, amount) VALUES ('c', NULL)"));
        Assert.False(Database.Dialect.IsUniqueViolation(other));
    }

    [Fact]
    public async Task A_write_inside_a_write_is_refused_at_once_rather_than_waiting_for_itself()
    {
        var nested = Database.WriteAsync<int>(
            async (write, token) =>
            {
                await InsertAsync(write, "a", 1);
                return await Database.WriteAsync<int>((_, _) => Ok(), token);
            },
            Token);

        await Assert.ThrowsAsync<InvalidOperationException>(() => nested.WaitAsync(TimeSpan.FromSeconds(60), Token));

        await AssertNothingAsync();
        Assert.True((await Database.WriteAsync<int>((_, _) => Ok(), Token)).IsOk);
    }

    [Fact]
    public async Task Work_that_was_begun_in_a_write_may_write_after_it()
    {
        var ended = new TaskCompletionSource();
        Task<Result<int>>? later = null;
        await Database.WriteAsync<int>(
            (_, _) =>
            {
                later = Task.Run(async () =>
                {
                    await ended.Task;
                    return await Database.WriteAsync<int>((_, _) => Ok(), Token);
                });
                return Ok();
            },
            Token);
        ended.SetResult();

        Assert.True((await later!).IsOk);
    }

    [Fact]
    public async Task Read_modify_write_by_many_on_two_servers_loses_no_update()
    {
        const int writers = 8;
        const int rounds = 10;
        await Database.WriteAsync<long>(async (write, _) => await InsertAsync(write, "a", 0), Token);
        Database[] servers = [Database, Host.Open()];

        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(
            async () =>
            {
                for (var round = 0; round < rounds; round++)
                {
                    Assert.True((await servers[writer % 2].WriteAsync<int>((write, token) => IncrementAsync(servers[writer % 2], write, token), Token)).IsOk);
                }
            },
            Token)));

        Assert.Equal(writers * rounds, await AmountAsync(Database, "a"));
    }

    [Theory]
    [InlineData("an error")]
    [InlineData("an exception")]
    [InlineData("failed SQL")]
    [InlineData("nothing")]
    public async Task Writes_that_wait_for_each_other_stand_and_fall_alone(string fault)
    {
        const int writers = 20;
        var (begun, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        Task WriteAsync(int writer) => Database.WriteAsync<long>(
            async (write, _) =>
            {
                begun.TrySetResult();
                await end.Task;
                await InsertAsync(write, $"w{writer}", writer);
                write.Audit(Record($"w{writer}"));
                write.Signal(new Signal("subject", "hub", $"w{writer}"));
                return (writer % 3, fault) switch
                {
                    (0, "an error") => HubErrors.PreconditionFailed,
                    (0, "an exception") => throw new InvalidDataException(),
                    (0, "failed SQL") => await InsertAsync(write, $"w{writer}", writer),
                    _ => writer,
                };
            },
            Token);

        var first = WriteAsync(0);
        await begun.Task;
        var others = Enumerable.Range(1, writers - 1).Select(WriteAsync).ToList();
        end.SetResult();
        foreach (var write in others.Prepend(first))
        {
            await ((Task)write).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        var stands = Enumerable.Range(0, writers).Count(writer => writer % 3 != 0 || fault == "nothing");
        Assert.Equal(stands, await Host.CountAsync("counters"));
        Assert.Equal(new AuditVerification(stands, 1, stands, null, null), await new AuditLog(Database, new AuditOptions()).VerifyAsync(Token));
        Assert.Equal(stands, Host.Signals.Said.Count);
        Assert.Equal(stands == writers ? 20 : 13, stands);
    }

    [Fact]
    public async Task A_reader_sees_only_what_is_committed_and_does_not_wait_for_a_writer()
    {
        await Database.WriteAsync<long>(async (write, _) => await InsertAsync(write, "a", 1), Token);

        await Database.WriteAsync<int>(
            async (write, _) =>
            {
                await write.Connection.ExecuteAsync("UPDATE counters SET amount = 2", transaction: write.Transaction);
                Assert.Equal(1, await AmountAsync(Database, "a").WaitAsync(TimeSpan.FromSeconds(60), Token));
                return 1;
            },
            Token);

        Assert.Equal(2, await AmountAsync(Database, "a"));
    }

    [Fact]
    public async Task Signals_leave_in_order_and_after_the_commit()
    {
        var seen = new List<long>();
        Host.Signals.OnSaid = async _ => seen.Add(await Host.CountAsync("counters"));

        await Database.WriteAsync<int>(
            async (write, _) =>
            {
                write.Signal(new Signal("subject", "hub", "1"));
                await InsertAsync(write, "a", 1);
                write.Signal(new Signal("subject", "hub", "2"));
                return 1;
            },
            Token);

        Assert.Equal(["1", "2"], Host.Signals.Said.Select(signal => signal.Key));
        Assert.Equal([1, 1], seen);
    }

    [Theory]
    [InlineData(999, 1)]
    [InlineData(1_000, 2)]
    [InlineData(1_001, 2)]
    public async Task Much_is_deleted_a_thousand_rows_in_a_transaction(int rows, int transactions)
    {
        await Host.TamperAsync($"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO counters SELECT CAST(i AS TEXT), i FROM n");
        var calls = 0;

        Assert.Equal(rows, await Database.DeleteInBatchesAsync(
            (write, max, _) =>
            {
                calls++;
                return write.Connection.ExecuteAsync("DELETE FROM counters WHERE name IN (SELECT name FROM counters LIMIT @max)", new { max }, write.Transaction);
            },
            Token));

        Assert.Equal(transactions, calls);
        Assert.Equal(0, await Host.CountAsync("counters"));
    }

    [Fact]
    public async Task A_cancelled_call_writes_nothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Database.WriteAsync<long>(async (write, _) => await InsertAsync(write, "a", 1), cancelled.Token));

        await AssertNothingAsync();
    }

    [Fact]
    public async Task Cancelling_in_the_middle_rolls_back_and_the_next_write_works()
    {
        using var cancelled = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Database.WriteAsync<long>(
            async (write, token) =>
            {
                await InsertAsync(write, "a", 1);
                await cancelled.CancelAsync();
                token.ThrowIfCancellationRequested();
                return 1;
            },
            cancelled.Token));

        await AssertNothingAsync();
        Assert.True((await Database.WriteAsync<long>(async (write, _) => await InsertAsync(write, "a", 2), Token)).IsOk);
    }

    [Fact]
    public async Task A_write_that_is_done_is_committed_although_the_caller_has_left()
    {
        using var cancelled = new CancellationTokenSource();

        var result = await Database.WriteAsync<long>(
            async (write, _) =>
            {
                var inserted = await InsertAsync(write, "a", 3);
                write.Signal(new Signal("subject", "hub", "a"));
                await cancelled.CancelAsync();
                return inserted;
            },
            cancelled.Token);

        Assert.True(result.IsOk);
        Assert.Equal(3, await AmountAsync(Database, "a"));
        Assert.Single(Host.Signals.Said);
    }

    private static AuditRecord Record(string subject) => new() { Actor = "server", Action = "test.write", Subject = subject };

    private static async Task<long> InsertAsync(WriteTransaction write, string name, long amount)
    {
        await write.Connection.ExecuteAsync("INSERT INTO counters (name, amount) VALUES (@name, @amount)", new { name, amount }, write.Transaction);
        return amount;
    }

    private static Task<long> AmountAsync(Database database, string name) => database.ReadAsync(
        (connection, _) => connection.ExecuteScalarAsync<long>("SELECT amount FROM counters WHERE name = @name", new { name }), Token);

    private static async Task<Result<int>> IncrementAsync(Database database, WriteTransaction write, CancellationToken cancellationToken)
    {
        var amount = await write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            $"SELECT amount FROM counters WHERE name = 'a'{database.Dialect.ForUpdate}", transaction: write.Transaction, cancellationToken: cancellationToken));
        await Task.Yield();
        await write.Connection.ExecuteAsync("UPDATE counters SET amount = @amount WHERE name = 'a'", new { amount = amount + 1 }, write.Transaction);
        return 1;
    }

    private async Task AssertNothingAsync()
    {
        Assert.Equal(0, await Host.CountAsync("counters"));
        Assert.Equal(0, await Host.CountAsync("audit_log"));
        Assert.Empty(Host.Signals.Said);
    }
}
