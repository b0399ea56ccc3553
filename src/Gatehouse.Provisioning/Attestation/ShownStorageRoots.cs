using Gatehouse.Contracts.Identities;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>Storage root keys of the newest challenges: a client may leave its keys out when it answers, as the IoT Identity Service does.</summary>
/// <remarks>A fixed number of places; what is forgotten, or overwritten by another that names the same TPM, costs its device one more attempt.</remarks>
internal sealed class ShownStorageRoots
{
    private const int Places = 1_024;

    private readonly Entry?[] entries = new Entry?[Places];

    internal void Keep(HubName service, string id, byte[] storageRootKey) => Volatile.Write(ref Place(service, id), new Entry(service, id, storageRootKey));

    internal byte[]? Find(HubName service, string id) => Volatile.Read(ref Place(service, id)) is { } entry && entry.Service == service && entry.Id == id ? entry.StorageRootKey : null;

    private ref Entry? Place(HubName service, string id) => ref entries[(uint)HashCode.Combine(service, id) % Places];

    private sealed record Entry(HubName Service, string Id, byte[] StorageRootKey);
}
