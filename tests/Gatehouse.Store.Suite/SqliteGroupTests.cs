using Dapper;
using Gatehouse.Contracts.Errors;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Gatehouse.Store.Suite;

/// <summary>Writes that share a commit: who is in it, when answers leave, and what becomes of all when it fails (decisions/0022).</summary>
public sealed class SqliteGroupTests : IAsyncLifetime
{
    private readonly SqliteHost host = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await host.StartAsync();
        await host.TamperAsync(
            """
            CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY);
            CREATE TABLE parts (whole TEXT NOT NULL REFERENCES counters (name) DEFERRABLE INITIALLY DEFERRED);
            """);
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData(3, 0)]
    [InlineData(64, 0)]
    [InlineData(65, 64)]
    public async Task Writes_in_line_share_a_commit_sixty_four_of_them_at_most(int writers, int durable)
    {
        var (line, last) = await HoldLastAsync(writers);

        Assert.Equal(durable, await host.CountAsync("counters"));
        await Task.WhenAll(line.Take(durable)).WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.DoesNotContain(line.Skip(durable), write => write.IsCompleted);

        last.End();
        await AssertAllOkAsync([.. line, last.Write]);
        Assert.Equal(writers, await host.CountAsync("counters"));
    }

    [Theory]
    [InlineData(9, 0)]
    [InlineData(10, 2)]
    public async Task A_group_of_ten_milliseconds_takes_nobody_in(int milliseconds, int durable)
    {
        var first = new Held(host, "w0");
        await first.Begun;
        var second = WriteAsync(async write =>
        {
            await InsertAsync(write, "w1");
            host.Time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        });
        var last = new Held(host, "w2");
        first.End();
        await last.Begun;

        Assert.Equal(durable, await host.CountAsync("counters"));

        last.End();
        await AssertAllOkAsync(first.Write, second, last.Write);
    }

    [Fact]
    public async Task A_refusal_waits_for_the_commit_of_what_it_may_rest_on()
    {
        var kept = new Held(host, "kept");
        await kept.Begun;
        var refused = host.Database.WriteAsync<int>(
            async (write, _) => await write.Connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM counters", transaction: write.Transaction) == 1 ? HubErrors.DeviceAlreadyExists : 1,
            Token);
        var last = new Held(host, "last");
        kept.End();
        await last.Begun;

        await Task.WhenAny(refused, Task.Delay(200, Token));
        Assert.False(refused.IsCompleted);

        last.End();
        Assert.Same(HubErrors.DeviceAlreadyExists, (await refused).Error);
        await AssertAllOkAsync(kept.Write, last.Write);
    }

    [Fact]
    public async Task A_commit_that_fails_fails_all_who_share_it_and_the_next_write_works()
    {
        var (line, last) = await HoldLastAsync(3, write => write.Connection.ExecuteAsync("INSERT INTO parts VALUES ('nowhere')", transaction: write.Transaction));
        last.End();

        foreach (var write in line.Append(last.Write))
        {
            Assert.Equal(SQLitePCL.raw.SQLITE_CONSTRAINT, (await Assert.ThrowsAsync<SqliteException>(() => write)).SqliteErrorCode);
        }

        await AssertNothingIsThereAndWritesWorkAsync();
    }

    [Fact]
    public async Task A_commit_that_fails_and_leaves_nothing_to_roll_back_costs_the_connection_only()
    {
        var (line, last) = await HoldLastAsync(3, write =>
        {
            // The commit becomes a rollback of the database's own, as with a disk that is full.
            SQLitePCL.raw.sqlite3_commit_hook(((SqliteConnection)write.Connection).Handle, static _ => 1, null);
            return Task.CompletedTask;
        });
        last.End();

        foreach (var write in line.Append(last.Write))
        {
            await Assert.ThrowsAsync<SqliteException>(() => write);
        }

        await AssertNothingIsThereAndWritesWorkAsync();
    }

    [Fact]
    public async Task Who_ends_the_transaction_keeps_its_own_error_and_the_others_hear_of_the_store()
    {
        var (line, last) = await HoldLastAsync(3, async write =>
        {
            await Assert.ThrowsAsync<SqliteException>(() => write.Connection.ExecuteAsync("INSERT OR ROLLBACK INTO counters VALUES ('w0')", transaction: write.Transaction));
            throw new InvalidDataException();
        });
        last.End();

        await Assert.ThrowsAsync<InvalidDataException>(() => last.Write);
        foreach (var write in line)
        {
            Assert.IsType<InvalidDataException>((await Assert.ThrowsAsync<StoreException>(() => write)).InnerException);
        }

        await AssertNothingIsThereAndWritesWorkAsync();
    }

    [Fact]
    public async Task Who_leaves_while_in_line_writes_nothing_and_ends_what_others_left_to_it()
    {
        using var leaving = new CancellationTokenSource();
        var first = new Held(host, "w0");
        await first.Begun;
        var second = host.Database.WriteAsync<int>(async (write, _) => await InsertAsync(write, "w1"), leaving.Token);
        await leaving.CancelAsync();
        first.End();

        await AssertAllOkAsync(first.Write.WaitAsync(TimeSpan.FromSeconds(60), Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal(1, await host.CountAsync("counters"));
    }

    [Fact]
    public async Task Who_is_in_line_when_the_store_closes_is_refused_rather_than_left()
    {
        var first = new Held(host, "w0");
        await first.Begun;
        var before = WriteAsync(write => InsertAsync(write, "w1"));
        var closing = host.Database.DisposeAsync().AsTask();
        Task[] after = [WriteAsync(write => InsertAsync(write, "w2")), WriteAsync(write => InsertAsync(write, "w3"))];
        first.End();

        await closing.WaitAsync(TimeSpan.FromSeconds(60), Token);
        await AssertAllOkAsync(first.Write, before);
        foreach (var write in after.Append(WriteAsync(write => InsertAsync(write, "w4"))))
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => write.WaitAsync(TimeSpan.FromSeconds(60), Token));
        }
    }

    /// <summary>That many writers in line, of whom the last is held in the middle of its write.</summary>
    private async Task<(IReadOnlyList<Task<Result<int>>> Line, Held Last)> HoldLastAsync(int writers, Func<WriteTransaction, Task>? lastWrites = null)
    {
        var first = new Held(host, "w0");
        await first.Begun;
        var line = Enumerable.Range(1, writers - 2).Select(writer => WriteAsync(write => InsertAsync(write, $"w{writer}"))).ToList();
        var last = new Held(host, $"w{writers - 1}", lastWrites);
        first.End();
        await last.Begun;
        return ([first.Write, .. line], last);
    }

    private Task<Result<int>> WriteAsync(Func<WriteTransaction, Task> work) => host.Database.WriteAsync<int>(
        async (write, _) =>
        {
            await work(write);
            return 1;
        },
        Token);

    private async Task AssertNothingIsThereAndWritesWorkAsync()
    {
        Assert.Equal(0, await host.CountAsync("counters"));
        Assert.True((await WriteAsync(write => InsertAsync(write, "next"))).IsOk);
        Assert.Equal(1, await host.CountAsync("counters"));
    }

    private static async Task AssertAllOkAsync(params Task<Result<int>>[] writes) => Assert.All(await Task.WhenAll(writes), result => Assert.True(result.IsOk));

    private static Task<int> InsertAsync(WriteTransaction write, string name) => write.Connection.ExecuteAsync("INSERT INTO counters VALUES (@name)", new { name }, write.Transaction);

    /// <summary>A write that goes on when it is told to.</summary>
    private sealed class Held
    {
        private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Held(SqliteHost host, string name, Func<WriteTransaction, Task>? work = null) => Write = host.Database.WriteAsync<int>(
            async (write, _) =>
            {
                begun.SetResult();
                await end.Task;
                await InsertAsync(write, name);
                await (work?.Invoke(write) ?? Task.CompletedTask);
                return 1;
            },
            Token);

        internal Task<Result<int>> Write { get; }

        internal Task Begun => begun.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);

        internal void End() => end.SetResult();
    }
}
