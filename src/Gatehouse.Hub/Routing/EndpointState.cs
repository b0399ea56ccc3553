namespace Gatehouse.Hub.Routing;

/// <summary>How deliveries to one endpoint go; written by its deliveries, read for the status.</summary>
internal sealed class EndpointState(TimeProvider time)
{
    private static readonly TimeSpan DeadAfter = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private long delivered;
    private long deadLettered;
    private double lastLatency;
    private string? lastError;
    private DateTimeOffset? lastErrorTime;
    private DateTimeOffset? lastSuccess;
    private DateTimeOffset? lastAttempt;
    private DateTimeOffset? failingSince;

    /// <summary>Whether nothing was delivered since the last failure.</summary>
    internal bool IsFailing
    {
        get
        {
            lock (gate)
            {
                return failingSince is not null;
            }
        }
    }

    /// <summary>Marks a delivery; true when it is the first after failures.</summary>
    internal bool Succeeded(int count, TimeSpan latency)
    {
        lock (gate)
        {
            delivered += count;
            lastLatency = latency.TotalSeconds;
            lastAttempt = lastSuccess = time.GetUtcNow();
            var wasFailing = failingSince is not null;
            failingSince = null;
            return wasFailing;
        }
    }

    /// <summary>Marks a failure; true when it is the first after deliveries.</summary>
    internal bool Failed(string error)
    {
        lock (gate)
        {
            lastAttempt = lastErrorTime = time.GetUtcNow();
            lastError = error;
            var isFirst = failingSince is null;
            failingSince ??= lastAttempt;
            return isFirst;
        }
    }

    internal void DeadLettered(int count)
    {
        lock (gate)
        {
            deadLettered += count;
        }
    }

    /// <summary>The facts, without what the queue knows.</summary>
    internal EndpointStatus Show(string name, string type)
    {
        lock (gate)
        {
            return new EndpointStatus
            {
                Name = name,
                Type = type,
                Health = failingSince is { } since ? (time.GetUtcNow() - since > DeadAfter ? "dead" : "unhealthy") : lastSuccess is null ? "unknown" : "healthy",
                Delivered = delivered,
                DeadLettered = deadLettered,
                LastLatencySeconds = lastSuccess is null ? null : lastLatency,
                LastError = lastError,
                LastErrorTime = lastErrorTime,
                LastSuccess = lastSuccess,
                LastAttempt = lastAttempt,
            };
        }
    }
}
