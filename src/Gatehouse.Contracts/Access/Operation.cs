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

    /// <summary>Back ends of a provisioning service: its documented service API.</summary>
    Provisioning,

    /// <summary>Devices that have no hub yet: the device API of a provisioning service. What they may do follows from what they attest.</summary>
    Registration,
}

/// <summary>Class of the service's throttle table that an operation counts against. The figures are in the table of limits of the hub.</summary>
/// <remarks>Source: IoT Hub "Quotas and throttling" page.</remarks>
public enum ThrottleClass
{
    /// <summary>Not throttled (health, operator endpoints behind Owner rights).</summary>
    None,

    /// <summary>Create, read, list, update, delete of identities.</summary>
    IdentityRegistry,

    /// <summary>Bulk registry calls.</summary>
    Bulk,

    /// <summary>Queries; each page is one.</summary>
    Queries,

    /// <summary>New connections of devices and modules, counted once they have proved who they are.</summary>
    DeviceConnections,

    /// <summary>Device-to-cloud messages; those of a batch one by one.</summary>
    DeviceToCloudSends,

    /// <summary>Messages to devices.</summary>
    CloudToDeviceSends,

    /// <summary>Polls for what waits for a device or for feedback; those who listen over other protocols poll nothing.</summary>
    CloudToDeviceReceives,

    /// <summary>Direct methods, in units of 4 KiB of the call.</summary>
    DirectMethods,

    /// <summary>Reads of twins, by back ends and by devices.</summary>
    TwinReads,

    /// <summary>Writes of twins, by back ends and by devices.</summary>
    TwinWrites,

    /// <summary>Create, read, list and cancel of jobs, imports and exports.</summary>
    Jobs,

    /// <summary>What jobs do to each device: a twin update or a method.</summary>
    JobDeviceOperations,

    /// <summary>Configurations and edge deployments: create, read, list, update, delete, apply.</summary>
    Configurations,

    /// <summary>Uploads that devices begin and finish.</summary>
    FileUploads,

    /// <summary>Readers of the built-in events endpoint; bounded in number, not in rate.</summary>
    EventReads,

    /// <summary>Calls of a provisioning service's own API: 1,000/min.</summary>
    /// <remarks>Source: Device Provisioning Service "Quotas and limits" page, as the two below.</remarks>
    ProvisioningCalls,

    /// <summary>Registrations of devices: 1,000/min.</summary>
    DeviceRegistrations,

    /// <summary>Polls of a registration under way: 5 in 10 s for each device.</summary>
    RegistrationPolls,
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
