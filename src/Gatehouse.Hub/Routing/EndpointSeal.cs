using System.Security.Cryptography;
using System.Text.Json;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;
using Gatehouse.Sinks.Amqp;
using Gatehouse.Sinks.Blobs;
using Gatehouse.Sinks.Webhooks;

namespace Gatehouse.Hub.Routing;

/// <summary>Seals the secrets of endpoints, masks them for answers, and opens them for delivery.</summary>
internal sealed class EndpointSeal(SecretVault vault)
{
    private const string Mask = "***";

    internal StoredEndpoint Seal(HubName hub, RoutingEndpoint clear)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(new EndpointSecrets(clear.ConnectionString, clear.Url, clear.Secret), RoutingJson.Default.EndpointSecrets);
        var blob = vault.Seal(bytes, KeyBinding.ForEndpoint(hub, clear.Id)).Blob.ToArray();
        CryptographicOperations.ZeroMemory(bytes);
        return new StoredEndpoint { Shown = Show(clear), Secrets = blob };
    }

    /// <summary>The endpoint with its secrets in clear.</summary>
    /// <exception cref="KeysException">They do not open.</exception>
    internal RoutingEndpoint Open(HubName hub, StoredEndpoint stored)
    {
        var bytes = vault.Reveal(new SealedSecret(stored.Secrets), KeyBinding.ForEndpoint(hub, stored.Shown.Id));
        var secrets = JsonSerializer.Deserialize(bytes, RoutingJson.Default.EndpointSecrets)!;
        CryptographicOperations.ZeroMemory(bytes);
        return stored.Shown with { ConnectionString = secrets.ConnectionString, Url = secrets.Url, Secret = secrets.Secret };
    }

    /// <summary>What a caller sent, with the stored secrets where it sent none or the masks that answers show: definitions are read, edited and written back.</summary>
    internal RoutingEndpoint Complete(HubName hub, RoutingEndpoint given, StoredEndpoint? present)
    {
        if (present is null || given.Type != present.Shown.Type)
        {
            return given;
        }

        var clear = Open(hub, present);
        return given with
        {
            ConnectionString = Choose(given.ConnectionString, present.Shown.ConnectionString, clear.ConnectionString),
            Url = Choose(given.Url, present.Shown.Url, clear.Url),
            Secret = Choose(given.Secret, present.Shown.Secret, clear.Secret),
        };
    }

    private static string? Choose(string? given, string? shown, string? clear) => string.IsNullOrEmpty(given) || given == shown ? clear : given;

    private static RoutingEndpoint Show(RoutingEndpoint clear) => clear with
    {
        ConnectionString = clear.ConnectionString is not { } text ? null : clear.Type == EndpointTypes.StorageContainer ? BlobTarget.Masked(text) : AmqpTarget.Masked(text),
        Url = clear.Url is { } url ? WebhookTarget.Masked(url) : null,
        Secret = clear.Secret is null ? null : Mask,
    };
}
