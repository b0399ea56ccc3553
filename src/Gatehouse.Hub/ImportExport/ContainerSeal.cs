using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Seals the addresses of containers: their tokens open them to anyone.</summary>
internal sealed class ContainerSeal(SecretVault vault)
{
    internal byte[] Seal(HubName hub, string jobId, ContainerAddresses addresses)
    {
        var bytes = Encoding.UTF8.GetBytes($"{addresses.Input}\n{addresses.Output}");
        var blob = vault.Seal(bytes, KeyBinding.ForContainers(hub, jobId)).Blob.ToArray();
        CryptographicOperations.ZeroMemory(bytes);
        return blob;
    }

    internal ContainerAddresses Open(HubName hub, ImportExportRow row)
    {
        var bytes = vault.Reveal(new SealedSecret(row.Containers), KeyBinding.ForContainers(hub, row.JobId));
        var parts = Encoding.UTF8.GetString(bytes).Split('\n');
        CryptographicOperations.ZeroMemory(bytes);
        return new ContainerAddresses(parts[0], parts[1]);
    }
}

/// <param name="Input">Empty for exports.</param>
/// <param name="Output">Container of what is written.</param>
internal sealed record ContainerAddresses(string Input, string Output)
{
    public override string ToString() => "***";
}
