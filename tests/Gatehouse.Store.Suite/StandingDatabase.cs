using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Signals;
using Gatehouse.Store.Postgres;

namespace Gatehouse.Store.Suite;

/// <summary>
/// A database that is lent to one test after another with its connections open. To make one for each test, and to connect to it anew, costs PostgreSQL most of a
/// second of processor time: hundreds of files, and a process for each connection.
/// </summary>
internal sealed class StandingDatabase : IAsyncDisposable
{
    // A table that nobody has written to has no pages. TRUNCATE leaves the rest as CREATE TABLE did: rows that are deleted would stay in the way, and say in what order others lie.
    private const string Touched =
        "SELECT string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'schemaversions' AND pg_relation_size(oid) > 0";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Action<StandingDatabase> giveBack;
    private readonly Present present = new();

    internal StandingDatabase(string url, Action<StandingDatabase> giveBack)
    {
        this.giveBack = giveBack;
        Inner = new PostgresDatabase(new PostgresOptions { ConnectionString = url, MaxConnections = 10 }, present, present);
    }

    internal PostgresDatabase Inner { get; }

    internal LentDatabase Lend(ISignals signals, TimeProvider time)
    {
        present.Signals = signals;
        present.Time = time;
        return new LentDatabase(this);
    }

    /// <summary>Tables that hold something, but the one that says which scripts have run; null: none.</summary>
    internal Task<string?> TouchedAsync() => Inner.ReadAsync((connection, _) => connection.ExecuteScalarAsync<string?>(Touched), CancellationToken.None);

    /// <summary>Empties it for the next one. Where that cannot be done, nobody gets it any more.</summary>
    /// <param name="isQuiet">Ends with the last call.</param>
    internal async Task TakeBackAsync(Task isQuiet)
    {
        try
        {
            await isQuiet.WaitAsync(Patience);
            if (await TouchedAsync() is { } tables)
            {
                await Inner.ReadAsync((connection, _) => connection.ExecuteAsync($"SET lock_timeout = '10s'; TRUNCATE {tables} RESTART IDENTITY CASCADE"), CancellationToken.None);
            }
        }
        catch (Exception error) when (error is TimeoutException or DbException or StoreException)
        {
            await DisposeAsync();
            return;
        }

        giveBack(this);
    }

    public ValueTask DisposeAsync() => Inner.DisposeAsync();

    /// <summary>Signals and time of whoever has it now.</summary>
    private sealed class Present : TimeProvider, ISignals
    {
        internal ISignals Signals { get; set; } = new RecordingSignals();

        internal TimeProvider Time { get; set; } = System;

        public bool ReachesOthers => Signals.ReachesOthers;

        public ValueTask PublishAsync(Signal signal, CancellationToken cancellationToken) => Signals.PublishAsync(signal, cancellationToken);

        public IDisposable Subscribe(string subject, Action<Signal> handler) => Signals.Subscribe(subject, handler);

        public override DateTimeOffset GetUtcNow() => Time.GetUtcNow();
    }
}
