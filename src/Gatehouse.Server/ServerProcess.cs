using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.WrappingKeys;
using Gatehouse.Identity;
using Gatehouse.Keys;
using Gatehouse.Provisioning;
using Gatehouse.Provisioning.AccessPolicies;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Server.Composition;
using Gatehouse.Server.Configuration;
using Gatehouse.Server.Operations;
using Gatehouse.Server.Startup;
using Gatehouse.Store;
using Gatehouse.Transport.Listeners;

namespace Gatehouse.Server;

/// <summary>The life of the server, in order: data directory, keys, schema, hub, event log, listeners, connection.json; and back on a stop.</summary>
internal static class ServerProcess
{
    /// <summary>How long the operator's token lives where keys stay in an HSM; it is written anew long before its end.</summary>
    private static readonly TimeSpan OwnerTokenLife = TimeSpan.FromHours(8);

    private static readonly TimeSpan OwnerTokenRenewal = TimeSpan.FromHours(1);

    /// <summary>Serves until a signal or the token asks for a stop; open connections get the drain time.</summary>
    internal static async Task RunAsync(ServerOptions options, CancellationToken stop)
    {
        using var data = DataDirectory.Open(options.Data);

        // A killed server leaves its file behind; nobody may take its ports for ours.
        File.Delete(data.ConnectionFile);
        using var vault = SecretVault.Open(data.KeysFolder, new KeyStores(data.KeysFolder, options.KeyStores), options.HsmOnly);
        await using var app = ServerComposition.Build(options, data, vault);
        var hub = await PrepareAsync(app.Services, stop);
        await app.StartAsync(stop);
        try
        {
            var connection = await DescribeAsync(app.Services, hub, stop);
            connection.Write(data.ConnectionFile);
            await Console.Out.WriteAsync(Banner.Text(connection, data.ConnectionFile));
            await Task.WhenAll(app.WaitForShutdownAsync(stop), vault.Custody.IsHsmOnly ? RenewAsync(app.Services, hub, data.ConnectionFile, app.Lifetime.ApplicationStopping) : Task.CompletedTask);
        }
        finally
        {
            File.Delete(data.ConnectionFile);
        }
    }

    private static async Task<HubEntry> PrepareAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await services.GetRequiredService<Database>().MigrateAsync([typeof(Database).Assembly, typeof(HubSetup).Assembly, typeof(ProvisioningSetup).Assembly], cancellationToken);
        await services.GetRequiredService<ServerKeys>().StartAsync(cancellationToken);
        var hub = await services.GetRequiredService<HubStartup>().StartAsync(cancellationToken);
        await services.GetRequiredService<HubLogs>().OpenAsync(hub.Name, cancellationToken);
        await services.GetRequiredService<ProvisioningStartup>().StartAsync(hub, cancellationToken);
        services.GetRequiredService<FrontDoor>().AddressRule = Admits(services.GetRequiredService<RefusalBackoff>());
        return hub;
    }

    private static Func<System.Net.IPAddress, bool> Admits(RefusalBackoff backoff) => address => !backoff.IsBackedOff(address);

    // A failure leaves the token that is there, which is good for hours yet; the next try is as near as the HSM is likely to be back.
    private static async Task RenewAsync(IServiceProvider services, HubEntry hub, string path, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(OwnerTokenRenewal, services.GetRequiredService<TimeProvider>());
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ServerProcess));
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                try
                {
                    (await DescribeAsync(services, hub, stop)).Write(path);
                }
                catch (Exception error) when (error is KeysException or StoreException or IOException)
                {
                    ServerLog.ConnectionFileNotRenewed(log, path, error.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private static async Task<ConnectionFile> DescribeAsync(IServiceProvider services, HubEntry hub, CancellationToken cancellationToken)
    {
        var (door, keys, end) = (services.GetRequiredService<FrontDoor>(), services.GetRequiredService<SecretVault>().Custody, TokenEnd(services));
        var owner = await services.GetRequiredService<SharedAccessPolicies>().OwnerCredentialAsync(hub, end, cancellationToken);
        var host = hub.HostNames[0];
        return new ConnectionFile(
            Environment.ProcessId,
            CommandLine.Version,
            new ConnectionFile.PortNumbers(door.HttpsPort ?? 0, door.MqttPort ?? 0, door.AmqpPort ?? 0, door.PlainMqttPort, services.GetRequiredService<OperationsListener>().Port, services.GetRequiredService<PublicListener>().Port),
            new ConnectionFile.HubFacts(hub.Name.Value, host, $"HostName={host};{owner}", keys.IsHsmOnly ? null : EventHub(host, door.AmqpPort, owner, hub)),
            await ProvisioningAsync(services, end, cancellationToken),
            door.RootCertificatePath);
    }

    private static async Task<ConnectionFile.ProvisioningFacts> ProvisioningAsync(IServiceProvider services, DateTimeOffset end, CancellationToken cancellationToken)
    {
        var instance = services.GetRequiredService<ProvisioningDirectory>().All[0];
        var host = instance.HostNames[0];
        var owner = await services.GetRequiredService<ProvisioningPolicies>().OwnerCredentialAsync(instance.Name, host, end, cancellationToken);
        return new ConnectionFile.ProvisioningFacts(instance.Name.Value, host, instance.IdScope, $"HostName={host};{owner}");
    }

    private static DateTimeOffset TokenEnd(IServiceProvider services) => services.GetRequiredService<TimeProvider>().GetUtcNow() + OwnerTokenLife;

    /// <summary>For Event Hubs clients: the entity of a hub's events is named as the hub. They take a port that is not their own from the address.</summary>
    private static string EventHub(string host, int? port, string owner, HubEntry hub) =>
        $"Endpoint=sb://{host}{(port is null or 5671 ? "" : $":{port}")}/;{owner};EntityPath={hub.Name.Value}";
}
