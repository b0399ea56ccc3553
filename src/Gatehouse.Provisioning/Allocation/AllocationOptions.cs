namespace Gatehouse.Provisioning.Allocation;

/// <summary>Settings of calls to the webhooks of enrollments.</summary>
public sealed record AllocationOptions
{
    /// <summary>Whether webhooks may lie at loopback, link-local and private addresses, and be reached without TLS. Default false, as for endpoints of routes.</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>With which calls are signed as those of other webhooks are (<c>Gatehouse-Signature</c>). 16–256 characters; null: not signed, as the service does it.</summary>
    public string? Secret { get; init; }

    /// <summary>Longest time of one allocation, all attempts included. 1–60 s, default 10 s: the device waits for it, and clients wait for 30 s. Source: own.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Attempts of one allocation, when the webhook cannot be reached or answers 408, 429 or 5xx. 1–10, default 3. Source: own.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>Between the first attempt and the second; between the next twice as long. 0–10 s, default 500 ms. Source: own.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Allocations that are under way at once. 1–1,000, default 32, half of the registrations that are; one more: TooManyRequests (429001). Source: own.</summary>
    public int MaxCalls { get; init; } = 32;

    /// <summary>Never the secret.</summary>
    public override string ToString() => "allocation ***";
}
