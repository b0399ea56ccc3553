using System.Globalization;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub;

/// <summary>Associated data of sealed keys: names the row, so that a blob moved to another row, or to a later owner of the name, does not open.</summary>
internal static class KeyBinding
{
    internal static string ForIdentity(HubName hub, string deviceId, string moduleId, string generationId) =>
        $"{hub.Value}/identities/{deviceId}/{moduleId}/{generationId}/keys";

    internal static string ForPolicy(HubName hub, string name, string generationId) => $"{hub.Value}/policies/{name}/{generationId}/keys";

    internal static string ForDerivation(HubName hub, int number) => string.Create(CultureInfo.InvariantCulture, $"{hub.Value}/derivation/{number}/key");

    internal static string ForEndpoint(HubName hub, string id) => $"{hub.Value}/routing/{id}/secrets";

    internal static string ForContainers(HubName hub, string jobId) => $"{hub.Value}/importexport/{jobId}/containers";

    internal static string ForStorageAccount(HubName hub) => $"{hub.Value}/storage/key";

    internal static string ForUploadAccount(HubName hub) => $"{hub.Value}/storage/connection-string";
}
