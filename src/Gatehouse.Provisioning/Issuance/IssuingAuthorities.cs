using System.Collections.Concurrent;
using Gatehouse.Contracts.Errors;
using Gatehouse.Keys;
using Gatehouse.Keys.Signing;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>The CAs of credential policies, opened to sign: certificates, revocation lists, OCSP answers. Opened ones are kept for a while, and lent to one at a time.</summary>
/// <remarks>
/// A key store has one turn: a token or TPM that does not answer holds one thread, and whoever waits for it is told after <see cref="ProvisioningOptions.KeyStorePatience"/>.
/// What is wrong with a store is for the log; the caller learns that the key cannot be used now.
/// </remarks>
internal sealed class IssuingAuthorities(SecretVault vault, ProvisioningOptions options, ProvisioningMetrics metrics, TimeProvider time, ILogger<IssuingAuthorities> log)
{
    private readonly ConcurrentDictionary<(string Service, string Id), OpenAuthorities> opened = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> turns = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> lost = new(StringComparer.Ordinal);

    /// <summary>Runs a piece of work with the CA of a policy. What the work says; IssuerUnavailable when its key store cannot be used, which may work later.</summary>
    /// <param name="policy">As it was read now.</param>
    /// <param name="work">Signs by <see cref="IssuingAuthority.Generator"/> and <see cref="IssuingAuthority.Hash"/>; keeps nothing of them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeysException">A key that is sealed in the store does not open.</exception>
    internal async Task<Result<T>> UseAsync<T>(CredentialPolicyRow policy, Func<IssuingAuthority, Result<T>> work, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        if (policy.SigningKey.Length == 0)
        {
            var done = Run(policy, work);
            metrics.AuthorityUsed("sealed", "done", time.GetElapsedTime(started));
            return done;
        }

        var place = policy.SigningKey[..policy.SigningKey.IndexOf(':', StringComparison.Ordinal)];
        try
        {
            var done = await InTurnAsync(StoreOf(policy.SigningKey), () => Run(policy, work), cancellationToken);
            metrics.AuthorityUsed(place, "done", time.GetElapsedTime(started));
            if (lost.TryRemove(policy.SigningKey, out _))
            {
                log.IssuingKeyBack(policy.SigningKey);
            }

            return done;
        }
        catch (KeysException error)
        {
            metrics.AuthorityUsed(place, "unavailable", time.GetElapsedTime(started));
            if (lost.TryAdd(policy.SigningKey, true))
            {
                log.IssuingKeyLost(policy.SigningKey, policy.Name, error.Message);
            }

            return ProvisioningErrors.IssuerUnavailable;
        }
    }

    /// <summary>Makes a CA of a key in a key store that the operator lets be used from now on. ArgumentInvalid for a key that cannot be, IssuerUnavailable; both say why.</summary>
    /// <param name="key">Its address.</param>
    /// <param name="make">Makes it, and owns the key from then on.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<Result<IssuingAuthority>> MakeAsync(KeyAddress key, Func<SigningKeyHandle, Result<IssuingAuthority>> make, CancellationToken cancellationToken)
    {
        try
        {
            return await InTurnAsync(key.Store, () => make(vault.Custody.Stores.OpenSigning(key, isNew: true)), cancellationToken);
        }
        catch (KeysException error)
        {
            return (error.Fault == KeysFault.Unavailable ? ProvisioningErrors.IssuerUnavailable : ProvisioningErrors.ArgumentInvalid).With(error.Message);
        }
    }

    /// <summary>A policy was changed or deleted here: what is open of it is closed.</summary>
    internal void Forget(CredentialPolicyRow policy)
    {
        if (opened.TryRemove((policy.Service, policy.Id), out var old))
        {
            old.Close();
        }
    }

    private Result<T> Run<T>(CredentialPolicyRow policy, Func<IssuingAuthority, Result<T>> work)
    {
        var shelf = opened.AddOrUpdate(
            (policy.Service, policy.Id),
            _ => new OpenAuthorities(policy.Version, time),
            (_, present) =>
            {
                if (present.Holds(policy.Version))
                {
                    return present;
                }

                present.Close();
                return new OpenAuthorities(policy.Version, time);
            });
        var authority = shelf.Take() ?? IssuingAuthority.Open(policy, vault);
        try
        {
            var done = work(authority);
            shelf.Return(authority);
            return done;
        }
        catch
        {
            authority.Dispose();
            throw;
        }
    }

    private async Task<T> InTurnAsync<T>(string store, Func<T> work, CancellationToken cancellationToken)
    {
        var turn = turns.GetOrAdd(store, static _ => new SemaphoreSlim(1));
        if (!await turn.WaitAsync(options.KeyStorePatience, cancellationToken))
        {
            throw Silent(store);
        }

        // The turn ends with the work, not with who waits for it.
        var running = Task.Run(
            () =>
            {
                try
                {
                    return work();
                }
                finally
                {
                    turn.Release();
                }
            },
            CancellationToken.None);
        try
        {
            return await running.WaitAsync(options.KeyStorePatience, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw Silent(store);
        }
    }

    private KeysException Silent(string store) => new($"The key store '{store}' has not answered for {options.KeyStorePatience.TotalSeconds:0} seconds.") { Fault = KeysFault.Unavailable };

    private static string StoreOf(string key) => KeyAddress.TryParse(key, out var address) ? address.Store : key;
}
