namespace Gatehouse.Contracts.Access;

/// <summary>Rights of a shared access policy.</summary>
/// <remarks>Source: IoT Hub "Control access with shared access signatures" page. <see cref="RegistryWrite"/> implies <see cref="RegistryRead"/>.</remarks>
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
}
