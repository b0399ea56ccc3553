using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>The queue of one device: of this generation of the identity and of no later owner of its name.</summary>
public readonly record struct DeviceQueue(HubName Hub, DeviceId Device, string GenerationId);
