namespace Gatehouse.Contracts.Access;

/// <summary>Which door an operation stands behind.</summary>
public enum Plane
{
    /// <summary>Devices and modules, over MQTT, AMQP and HTTPS.</summary>
    Device,

    /// <summary>Back ends: the documented service APIs.</summary>
    Service,

    /// <summary>Gatehouse's own operator endpoints under <c>/gatehouse/v1</c>.</summary>
    Operator,
}

/// <summary>Class of the service's throttle table that an operation counts against.</summary>
/// <remarks>Source: IoT Hub "Quotas and throttling" page.</remarks>
public enum ThrottleClass
{
    /// <summary>Not throttled (health, operator endpoints behind Owner rights).</summary>
    None,

    /// <summary>Create, read, list, update, delete of identities: 100/min/unit on S1.</summary>
    IdentityRegistry,

    /// <summary>Bulk registry calls: 20/min/unit on S1 (counted with queries).</summary>
    Bulk,

    /// <summary>New device connections: max(100/s, 12/s/unit) on S1.</summary>
    DeviceConnections,

    /// <summary>Device-to-cloud sends: max(100/s, 12/s/unit) on S1.</summary>
    DeviceToCloudSends,

    /// <summary>Messages to devices: 100/min/unit on S1.</summary>
    CloudToDeviceSends,

    /// <summary>Direct methods: 160 KB/s/unit on S1 in units of 4 KB, counted here as 40 calls a second.</summary>
    DirectMethods,

    /// <summary>Reads of twins by back ends: 100/s/unit on S1.</summary>
    TwinReads,

    /// <summary>Writes of twins by back ends: 50/s/unit on S1.</summary>
    TwinWrites,

    /// <summary>Readers of the built-in events endpoint.</summary>
    EventReads,

    /// <summary>Polls for what waits for a device or for feedback: 1,000/min/unit on S1 over HTTPS; those who listen over other protocols poll nothing.</summary>
    CloudToDeviceReceives,

    /// <summary>Jobs, imports and exports: 100/min/unit on S1.</summary>
    Jobs,

    /// <summary>Uploads that devices begin and finish: 100/min/unit on S1.</summary>
    FileUploads,
}

/// <summary>One thing that a peer can ask for. What has no row in <see cref="Operations"/> cannot be reached.</summary>
/// <param name="Name">Verb and object, as docs/compatibility.md lists it.</param>
/// <param name="Plane">Door.</param>
/// <param name="AnyOf">Each entry alone suffices; an entry with several rights needs all of them.</param>
/// <param name="Throttle">Throttle class.</param>
public sealed record Operation(string Name, Plane Plane, IReadOnlyList<Rights> AnyOf, ThrottleClass Throttle)
{
    /// <summary>Whether a holder of <paramref name="held"/> may do this. RegistryWrite counts as RegistryRead too.</summary>
    public bool IsAllowed(Rights held)
    {
        if ((held & Rights.RegistryWrite) != 0)
        {
            held |= Rights.RegistryRead;
        }

        foreach (var needed in AnyOf)
        {
            if ((held & needed) == needed && needed != Rights.None)
            {
                return true;
            }
        }

        return false;
    }
}
