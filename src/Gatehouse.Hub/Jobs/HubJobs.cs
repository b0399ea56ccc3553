namespace Gatehouse.Hub.Jobs;

/// <summary>What runs for a job; each kind has a limit of its own.</summary>
internal enum JobRun
{
    /// <summary>The job itself.</summary>
    Work,

    /// <summary>What a cancelled one left over.</summary>
    Sweep,

    /// <summary>An import or export.</summary>
    Transfer,
}

/// <summary>The jobs of one hub that run on this node.</summary>
internal sealed class HubJobs
{
    private readonly Dictionary<string, (JobRun Kind, Task Task)> running = new(StringComparer.Ordinal);
    private CancellationTokenSource stopping = new();

    /// <summary>Until when no other node runs this hub's jobs; default for not at all.</summary>
    internal DateTimeOffset LeasedUntil { get; set; }

    internal bool IsEmpty => running.Count == 0;

    /// <summary>Begins it unless it runs already, or as many of its kind as may.</summary>
    internal void Begin(JobRun kind, string jobId, int most, Func<CancellationToken, Task> run)
    {
        if (!running.ContainsKey(jobId) && running.Values.Count(each => each.Kind == kind) < most)
        {
            running[jobId] = (kind, run(stopping.Token));
        }
    }

    /// <summary>Lets go of those that have ended.</summary>
    internal void Forget()
    {
        foreach (var (jobId, (_, task)) in running.ToArray())
        {
            if (task.IsCompleted)
            {
                running.Remove(jobId);
            }
        }
    }

    internal Task WhenIdleAsync() => Task.WhenAll(running.Values.Select(each => each.Task));

    /// <summary>Stops them where they are.</summary>
    internal async Task StopAsync()
    {
        await stopping.CancelAsync();
        await WhenIdleAsync();
        running.Clear();
        stopping.Dispose();
        stopping = new CancellationTokenSource();
    }
}
