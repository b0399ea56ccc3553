using System.Diagnostics.Metrics;

namespace Gatehouse.Hub.Jobs;

/// <summary>Instruments of jobs; listed in docs/telemetry.md.</summary>
internal sealed class JobMetrics
{
    private readonly Counter<long> devices;

    public JobMetrics(IMeterFactory factory) => devices = factory.Create("Gatehouse.Hub")
        .CreateCounter<long>("gatehouse.jobs.devices", "{device}", "Devices that a job is through with, by type of job and status (completed, failed, canceled).");

    internal void Ended(string type, string status) => devices.Add(1, new KeyValuePair<string, object?>("type", type), new KeyValuePair<string, object?>("status", status));
}
