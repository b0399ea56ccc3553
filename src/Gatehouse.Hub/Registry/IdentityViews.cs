using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Connections;
using Gatehouse.Keys;

namespace Gatehouse.Hub.Registry;

/// <summary>Turns rows into what callers with RegistryRead see.</summary>
internal sealed class IdentityViews(SecretVault vault, ConnectionStates connections)
{
    internal RegisteredIdentity Show(HubName hub, IdentityRow row)
    {
        var binding = row.BindingIn(hub);
        return new RegisteredIdentity
        {
            Key = row.Key,
            GenerationId = row.GenerationId,
            ETag = ETags.Format(row.Etag),
            IsEnabled = row.IsDisabled == 0,
            StatusReason = row.StatusReason,
            StatusChanged = row.StatusChanged == 0 ? null : new DateTimeOffset(row.StatusChanged, TimeSpan.Zero),
            Connection = connections.Get(hub, row.Key, row.GenerationId),
            AuthenticationType = CredentialWords.Of(row.Kind),
            PrimaryKey = Reveal(row.Primary.In(hub), binding),
            SecondaryKey = Reveal(row.Secondary.In(hub), binding),
            PrimaryThumbprint = row.PrimaryThumbprint,
            SecondaryThumbprint = row.SecondaryThumbprint,
            ManagedBy = row.ManagedBy,
            IsEdge = row.IsEdge != 0,
            DeviceScope = row.DeviceScope,
            ParentScope = row.ParentScope,
            CloudToDeviceMessageCount = (int)row.CloudToDeviceMessages,
        };
    }

    private string? Reveal(SealedSecret? secret, string binding)
    {
        if (secret is null)
        {
            return null;
        }

        var key = vault.Reveal(secret, binding);
        var text = Convert.ToBase64String(key);
        CryptographicOperations.ZeroMemory(key);
        return text;
    }
}
