namespace Gatehouse.Hub.Jobs;

/// <summary>The jobs of one hub that run on this node.</summary>
internal sealed class HubJobs
{
    private readonly Dictionary<string, Task> running = new(StringComparer.Ordinal);
    private CancellationTokenSource stopping = new();

    /// <summary>Until when no other node runs this hub's jobs; default for not at all.</summary>
    internal DateTimeOffset LeasedUntil { get; set; }

    internal int Count => running.Count;

    internal bool Has(string jobId) => running.ContainsKey(jobId);

    internal void Begin(string jobId, Func<CancellationToken, Task> run) => running[jobId] = run(stopping.Token);

    /// <summary>Lets go of those that have ended.</summary>
    internal void Forget()
    {
        foreach (var (jobId, task) in running.ToArray())
        {
            if (task.IsCompleted)
            {
                running.Remove(jobId);
            }
        }
    }

    internal Task WhenIdleAsync() => Task.WhenAll(running.Values);

    /// <summary>Stops them where they are.</summary>
    internal async Task StopAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(running.Values);
        running.Clear();
        stopping.Dispose();
        stopping = new CancellationTokenSource();
    }
}
