namespace Gatehouse.Provisioning.LinkedHubs;

/// <summary>How one linked hub on another server does, as this node has seen it: how many calls are out, and whether it is left alone because nothing answered.</summary>
internal sealed class HubCondition(LinkedHubOptions options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim places = new(options.MaxCalls);
    private readonly Lock gate = new();
    private string etag = "";
    private int failures;
    private bool isTried;
    private DateTimeOffset leftAloneUntil;

    /// <summary>False when there is no place, or when it is left alone: then one call at a time tries it, after each pause.</summary>
    /// <param name="version">Of its settings: new ones are tried at once.</param>
    /// <param name="isLeftAlone">Which of the two.</param>
    internal bool TryEnter(string version, out bool isLeftAlone)
    {
        lock (gate)
        {
            if (etag != version)
            {
                (etag, failures) = (version, 0);
            }

            isLeftAlone = failures > 0 && (isTried || time.GetUtcNow() < leftAloneUntil);
            if (isLeftAlone || !places.Wait(0))
            {
                return false;
            }

            isTried = failures > 0;
            return true;
        }
    }

    /// <summary>What a call found.</summary>
    internal HubTurn Was(bool isSilent)
    {
        lock (gate)
        {
            var before = failures;
            if (!isSilent)
            {
                failures = 0;
                return before > 0 ? HubTurn.Back : HubTurn.None;
            }

            // Calls that were out together when it fell silent count as one.
            if (before == 0 || time.GetUtcNow() >= leftAloneUntil)
            {
                failures++;
                var pause = options.Pause * Math.Pow(2, Math.Min(failures - 1, 16));
                leftAloneUntil = time.GetUtcNow() + (pause < LongestPause ? pause : LongestPause);
            }

            return before == 0 ? HubTurn.Lost : HubTurn.None;
        }
    }

    /// <summary>However it ended: what came to no call tells nothing of the hub, and must not keep the next from trying it.</summary>
    internal void Leave()
    {
        lock (gate)
        {
            isTried = false;
        }

        places.Release();
    }

    public void Dispose() => places.Dispose();
}

/// <summary>What changed with a call.</summary>
internal enum HubTurn
{
    None,

    /// <summary>It could be reached until now.</summary>
    Lost,

    /// <summary>It can be reached again.</summary>
    Back,
}
