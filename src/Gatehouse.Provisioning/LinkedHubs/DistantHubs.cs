using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Sinks;
using Gatehouse.Sinks.Hubs;
using Gatehouse.Sinks.Outbound;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.LinkedHubs;

/// <summary>
/// The linked hubs on other servers. Each has a bounded number of places, and one that cannot be reached is left alone for a while: neither keeps registrations waiting that go elsewhere.
/// </summary>
internal sealed class DistantHubs(SecretVault vault, ProvisioningOptions options, ProvisioningMetrics metrics, TimeProvider time, ILogger<DistantHubs> log) : IDisposable
{
    private readonly ConcurrentDictionary<(HubName Service, string HostName), HubCondition> conditions = new();

    // One for each set of roots: there are few, and their connections end by themselves.
    private readonly ConcurrentDictionary<string, Lazy<HubCaller>> callers = new(StringComparer.Ordinal);

    public void Dispose()
    {
        foreach (var caller in callers.Values.Where(caller => caller.IsValueCreated))
        {
            caller.Value.Dispose();
        }

        foreach (var condition in conditions.Values)
        {
            condition.Dispose();
        }
    }

    /// <summary>What the work says; TooManyRequests when the hub has as many calls as it may, LinkedHubUnavailable while it is left alone.</summary>
    internal async Task<Result<T>> RunAsync<T>(HubName service, LinkedHub hub, Func<DistantHub, Task<Result<T>>> work)
    {
        var condition = conditions.GetOrAdd((service, hub.HostName), static (_, all) => new HubCondition(all.options.LinkedHubs, all.time), (options, time));
        if (!condition.TryEnter(hub.Etag, out var isLeftAlone))
        {
            return isLeftAlone ? ProvisioningErrors.LinkedHubUnavailable.With("it could not be reached a moment ago") : ProvisioningErrors.TooManyRequests;
        }

        var isSilent = false;
        try
        {
            if (Open(service, hub) is not { } distant)
            {
                return ProvisioningErrors.LinkedHubRefused.With("its connection string does not open here: it was altered, or sealed under keys that are not here");
            }

            var began = time.GetTimestamp();
            var outcome = await work(distant);
            isSilent = distant.IsSilent;
            metrics.LinkedHubAsked(outcome.IsOk ? "done" : isSilent ? "unreachable" : outcome.Error.IsTransient ? "busy" : "refused", time.GetElapsedTime(began));
            Tell(hub, condition.Was(isSilent), outcome.Error);
            return outcome;
        }
        finally
        {
            condition.Leave();
        }
    }

    private void Tell(LinkedHub hub, HubTurn turn, HubError? error)
    {
        if (turn == HubTurn.Lost)
        {
            log.LinkedHubLost(hub.HostName, error?.Message ?? "");
        }
        else if (turn == HubTurn.Back)
        {
            log.LinkedHubBack(hub.HostName);
        }
    }

    private DistantHub? Open(HubName service, LinkedHub hub)
    {
        try
        {
            var clear = vault.Reveal(hub.Connection!, hub.BindingOf(service));
            var target = HubTarget.Parse(Encoding.UTF8.GetString(clear), out _);
            CryptographicOperations.ZeroMemory(clear);
            return target is null ? null : new DistantHub(callers.GetOrAdd(hub.Authorities, NewCaller).Value, target);
        }
        catch (KeysException)
        {
            return null;
        }
    }

    private Lazy<HubCaller> NewCaller(string authorities) => new(() => new HubCaller(
        new SinkOptions { AllowPrivateAddresses = options.LinkedHubs.AllowPrivateAddresses, Timeout = options.LinkedHubs.Timeout },
        authorities.Length == 0 ? null : OutboundRoots.Parse(authorities, out _),
        options.LinkedHubs.MaxCalls,
        time));
}
