using System.Security.Cryptography;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Registry;

/// <summary>Gives devices and modules new keys, one transaction each: what one cannot have does not keep the others from theirs.</summary>
public sealed class KeyRegeneration(IdentityRegistry registry, RegistryOptions options)
{
    private const int KeyBytes = 32;

    /// <summary>The outcome of each item, in order. ArgumentInvalid, TooManyDevices and DeviceDefinedMultipleTimes refuse the whole call.</summary>
    public async Task<Result<IReadOnlyList<Result<RegisteredIdentity>>>> RunAsync(HubName hub, string actor, RegeneratedKey which, IReadOnlyList<IdentityKey> keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (keys.Count == 0 || keys.Count > options.MaxBulkItems)
        {
            return keys.Count == 0 ? HubErrors.ArgumentInvalid.With("The list is empty.") : HubErrors.TooManyDevices.With($"At most {options.MaxBulkItems} identities are allowed in one call.");
        }

        if (keys.Distinct().Count() < keys.Count)
        {
            return HubErrors.DeviceDefinedMultipleTimes;
        }

        var outcomes = new List<Result<RegisteredIdentity>>(keys.Count);
        foreach (var key in keys)
        {
            outcomes.Add(await RunAsync(hub, actor, which, key, cancellationToken));
        }

        return outcomes;
    }

    private async Task<Result<RegisteredIdentity>> RunAsync(HubName hub, string actor, RegeneratedKey which, IdentityKey key, CancellationToken cancellationToken)
    {
        var found = await registry.GetAsync(hub, key, cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        if (found.Value is not { PrimaryKey: { } primary, SecondaryKey: { } secondary } identity)
        {
            return HubErrors.InvalidOperation.With("The identity has no keys.");
        }

        var input = new IdentityInput
        {
            Key = key,
            ManagedBy = identity.ManagedBy,
            Authentication = new AuthenticationInput
            {
                Type = identity.AuthenticationType,
                PrimaryKey = which switch { RegeneratedKey.Primary => NewKey(), RegeneratedKey.Swap => secondary, _ => primary },
                SecondaryKey = which switch { RegeneratedKey.Secondary => NewKey(), RegeneratedKey.Swap => primary, _ => secondary },
            },
        };
        return await registry.PutAsync(hub, actor, input, IfMatch.Version(identity.ETag), cancellationToken);
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));
}
