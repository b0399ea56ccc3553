using Gatehouse.Store;

namespace Gatehouse.Server.Operations;

/// <summary>Whether this server can serve: started, not draining, store in reach. Asked by load balancers, so an answer is kept for a second: asking often costs nothing.</summary>
internal sealed class Readiness(Database database, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StoreTimeout = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim gate = new(1, 1);
    private (long At, string? Problem) last = (long.MinValue, "starting");

    /// <summary>Null when ready, else one sentence that says what is not.</summary>
    internal async ValueTask<string?> FindProblemAsync(CancellationToken cancellationToken)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return "The server is draining.";
        }

        if (!lifetime.ApplicationStarted.IsCancellationRequested)
        {
            return "The server is starting.";
        }

        await gate.WaitAsync(cancellationToken);
        try
        {
            if (last.At == long.MinValue || time.GetElapsedTime(last.At) > KeptFor)
            {
                last = (time.GetTimestamp(), await AskStoreAsync(cancellationToken));
            }

            return last.Problem;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<string?> AskStoreAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StoreTimeout);
        try
        {
            await database.ReadAsync(
                async (connection, cancellation) =>
                {
                    await using var command = connection.CreateCommand();
                    command.CommandText = "SELECT 1";
                    return await command.ExecuteScalarAsync(cancellation);
                },
                limit.Token);
            return null;
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return "The store does not answer.";
        }
    }
}
