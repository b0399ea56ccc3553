using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Provisioning.Registrations;

/// <summary>Lets a bounded number of registrations be worked on at once, in the order in which they came, and one of each device at a time.</summary>
/// <remarks>When 10,000 devices power up at once, each waits its turn; who asks again while its turn is to come gains nothing.</remarks>
internal sealed class RegistrationQueue(ProvisioningOptions options) : IDisposable
{
    /// <summary>One under way and one that came after it: a device that repeats itself because an answer was lost.</summary>
    private const int MaxPerDevice = 2;

    private readonly SemaphoreSlim seats = new(options.MaxConcurrentRegistrations);
    private readonly Dictionary<(HubName Service, string Id), Turn> turns = [];
    private readonly Lock gate = new();
    private int inside;

    /// <summary>Registrations at work or in line.</summary>
    internal int Count
    {
        get
        {
            lock (gate)
            {
                return inside;
            }
        }
    }

    public void Dispose() => seats.Dispose();

    /// <summary>Runs the work when it is this device's turn, and tells it whether it had to wait. TooManyRequests when the line is full, or the device stands in it already.</summary>
    internal async Task<Result<T>> RunAsync<T>(HubName service, string id, Func<bool, Task<Result<T>>> work, CancellationToken cancellationToken)
    {
        if (Enter((service, id)) is not { } turn)
        {
            return ProvisioningErrors.TooManyRequests;
        }

        try
        {
            var waiting = turn.Own.WaitAsync(cancellationToken);
            var hasWaited = !waiting.IsCompleted;
            await waiting;
            try
            {
                return await RunInSeatAsync(work, hasWaited, cancellationToken);
            }
            finally
            {
                turn.Own.Release();
            }
        }
        finally
        {
            Leave((service, id), turn);
        }
    }

    private async Task<Result<T>> RunInSeatAsync<T>(Func<bool, Task<Result<T>>> work, bool hasWaited, CancellationToken cancellationToken)
    {
        var waiting = seats.WaitAsync(cancellationToken);
        hasWaited |= !waiting.IsCompleted;
        await waiting;
        try
        {
            return await work(hasWaited);
        }
        finally
        {
            seats.Release();
        }
    }

    private Turn? Enter((HubName Service, string Id) key)
    {
        lock (gate)
        {
            if (inside >= options.MaxConcurrentRegistrations + options.MaxWaitingRegistrations)
            {
                return null;
            }

            if (!turns.TryGetValue(key, out var turn))
            {
                turns.Add(key, turn = new Turn());
            }

            if (turn.Users == MaxPerDevice)
            {
                return null;
            }

            turn.Users++;
            inside++;
            return turn;
        }
    }

    private void Leave((HubName Service, string Id) key, Turn turn)
    {
        lock (gate)
        {
            inside--;
            if (--turn.Users == 0)
            {
                turns.Remove(key);
                turn.Own.Dispose();
            }
        }
    }

    private sealed class Turn
    {
        internal SemaphoreSlim Own { get; } = new(1);

        internal int Users { get; set; }
    }
}
