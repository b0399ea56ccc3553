namespace Gatehouse.Provisioning.Registrations;

/// <summary>Where a registration stands. The numbers are stored.</summary>
internal enum RegistrationStatus
{
    Unassigned = 0,
    Assigning = 1,
    Assigned = 2,
    Failed = 3,
    Disabled = 4,
}

/// <summary>How it came there. The numbers are stored.</summary>
internal enum RegistrationSubstatus
{
    None = 0,
    InitialAssignment = 1,
    DeviceDataMigrated = 2,
    DeviceDataReset = 3,
}

/// <summary>Their words on the wire.</summary>
internal static class RegistrationWords
{
    internal static string Of(RegistrationStatus status) => status switch
    {
        RegistrationStatus.Unassigned => "unassigned",
        RegistrationStatus.Assigning => "assigning",
        RegistrationStatus.Assigned => "assigned",
        RegistrationStatus.Failed => "failed",
        _ => "disabled",
    };

    internal static string? Of(RegistrationSubstatus substatus) => substatus switch
    {
        RegistrationSubstatus.InitialAssignment => "initialAssignment",
        RegistrationSubstatus.DeviceDataMigrated => "deviceDataMigrated",
        RegistrationSubstatus.DeviceDataReset => "deviceDataReset",
        _ => null,
    };
}
