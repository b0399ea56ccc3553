namespace Gatehouse.Provisioning.Attestation;

/// <summary>Bounds the work on challenges: each takes two operations with public keys, and who asks for one has proved nothing yet.</summary>
internal sealed class BlobSeats(ProvisioningOptions options) : IDisposable
{
    private readonly SemaphoreSlim seats = new(options.MaxConcurrentChallenges);
    private int inside;

    public void Dispose() => seats.Dispose();

    /// <summary>Null when too many wait already.</summary>
    internal async ValueTask<T?> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            if (Interlocked.Increment(ref inside) > options.MaxConcurrentChallenges + options.MaxWaitingChallenges)
            {
                return null;
            }

            await seats.WaitAsync(cancellationToken);
            try
            {
                return work();
            }
            finally
            {
                seats.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref inside);
        }
    }
}
