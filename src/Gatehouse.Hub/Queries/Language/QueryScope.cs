namespace Gatehouse.Hub.Queries.Language;

/// <summary>What the paths of a query are about.</summary>
public enum QueryScope
{
    /// <summary>Twins of devices and modules: <c>deviceId</c>, <c>tags.site</c>, <c>properties.reported.x</c>.</summary>
    Twin,

    /// <summary>What jobs did on devices: <c>devices.jobs.jobId</c> or <c>jobId</c>.</summary>
    DeviceJob,

    /// <summary>Messages on their way through routes: application properties by bare name, <c>$contentType</c>, <c>$body.x</c>, <c>$twin.tags.x</c>.</summary>
    Message,
}
