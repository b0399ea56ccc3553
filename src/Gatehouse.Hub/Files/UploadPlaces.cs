using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Sinks.Blobs;

namespace Gatehouse.Hub.Files;

/// <summary>Finds the place that a hub's devices upload to.</summary>
internal sealed class UploadPlaces(FileUploadDefinitions definitions, EmbeddedPlace embedded, BlobLookups lookups, AccountHealth health, FileOptions options, ISignals signals)
{
    /// <summary>Whether the embedded endpoint takes files here. Where several nodes may serve a hub, blocks of one file would lie on different ones: they must share the directory.</summary>
    internal bool IsEmbeddedOn => options.Folder is not null && (options.IsShared || !signals.ReachesOthers);

    /// <summary>DefaultStorageEndpointNotConfigured when the hub has no account and the embedded endpoint is off.</summary>
    internal async Task<Result<(FileUploadProperties Properties, UploadPlace Place)>> OpenAsync(HubName hub, CancellationToken cancellationToken)
    {
        var (properties, container) = await definitions.OpenAsync(hub, cancellationToken);
        return container is not null ? (properties, new AccountPlace(container, lookups, health))
            : IsEmbeddedOn ? (properties, embedded)
            : HubErrors.DefaultStorageEndpointNotConfigured;
    }
}
