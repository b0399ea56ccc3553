namespace Gatehouse.Contracts.Access;

/// <summary>Rights of a shared access policy, of a hub or of a provisioning service.</summary>
/// <remarks>Sources: IoT Hub "Control access with shared access signatures" page, Device Provisioning Service "Control access" page. <see cref="RegistryWrite"/> implies <see cref="RegistryRead"/>.</remarks>
[Flags]
public enum Rights
{
    None = 0,
    RegistryRead = 1,
    RegistryWrite = 2,
    ServiceConnect = 4,
    DeviceConnect = 8,

    /// <summary>What iothubowner holds; Gatehouse's own management operations ask for all four.</summary>
    Owner = RegistryRead | RegistryWrite | ServiceConnect | DeviceConnect,

    /// <summary>Settings of a provisioning service.</summary>
    ServiceConfig = 16,

    EnrollmentRead = 32,
    EnrollmentWrite = 64,
    RegistrationStatusRead = 128,
    RegistrationStatusWrite = 256,

    /// <summary>Parts of <see cref="DeviceConnect"/>: what a token leaves of it whose scope goes on below its device (<c>devices/{id}/messages/events</c>). No policy holds them.</summary>
    DeviceTelemetry = 512,

    /// <summary><c>devices/{id}/messages/devicebound</c></summary>
    DeviceMessages = 1024,

    /// <summary><c>devices/{id}/methods</c></summary>
    DeviceMethods = 2048,

    /// <summary><c>devices/{id}/twin</c></summary>
    DeviceTwin = 4096,

    /// <summary><c>devices/{id}/files</c></summary>
    DeviceFiles = 8192,

    /// <summary>What provisioningserviceowner holds.</summary>
    ProvisioningOwner = ServiceConfig | EnrollmentRead | EnrollmentWrite | DeviceConnect | RegistrationStatusRead | RegistrationStatusWrite,
}
