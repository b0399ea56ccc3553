using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Contracts.Signals;
using Gatehouse.Gateway.Amqp;
using Gatehouse.Gateway.Faults;
using Gatehouse.Gateway.Http;
using Gatehouse.Gateway.Http.Files;
using Gatehouse.Gateway.Mqtt;
using Gatehouse.Gateway.Sessions;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Connections;
using Gatehouse.Hub.Files;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Hub.Throttling;
using Gatehouse.Hub.Twins;
using Gatehouse.Identity;
using Gatehouse.Transport.Amqp;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Gateway;

/// <summary>How the server takes the device plane in: AddGateway, then <see cref="MqttHandler"/> at the front door and <see cref="UseDeviceApi"/>; its AMQP nodes are an <see cref="IAmqpDoor"/>.</summary>
public static class GatewaySetup
{
    /// <summary>Needs AddHub, AddIdentity, AddStore and AddTransport.</summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.AddMetrics();
        services.TryAddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<GatewayMetrics>();
        services.TryAddSingleton(static all => new LiveSessions(
            all.GetRequiredService<ISignals>(), all.GetRequiredService<IRevocations>(), all.GetRequiredService<ICredentialUses>(), all.GetRequiredService<IStrictnessChanges>()));
        services.TryAddSingleton<LinkOwners>();
        services.TryAddSingleton(static all => new GatewayParts
        {
            Options = all.GetRequiredService<GatewayOptions>(),
            Authenticator = all.GetRequiredService<DeviceAuthenticator>(),
            Credentials = all.GetRequiredService<ICredentialSource>(),
            Backoff = all.GetRequiredService<RefusalBackoff>(),
            Refusals = all.GetRequiredService<IRefusalLog>(),
            Telemetry = all.GetRequiredService<TelemetryIntake>(),
            Uses = all.GetRequiredService<ICredentialUses>(),
            Throttles = all.GetRequiredService<Throttles>(),
            States = all.GetRequiredService<ConnectionStates>(),
            StateWriter = all.GetRequiredService<ConnectionWriter>(),
            Methods = all.GetRequiredService<DirectMethods>(),
            Twins = all.GetRequiredService<Twins>(),
            DeviceMessages = all.GetRequiredService<CloudToDeviceMessages>(),
            Faults = all.GetRequiredService<GatewayOptions>().FaultInjection
                ? new FaultInjection(all.GetRequiredService<TimeProvider>(), all.GetRequiredService<ILoggerFactory>().CreateLogger("Gatehouse.Gateway"))
                : null,
            Renewal = all.GetService<ICertificateRenewal>(),
            Links = all.GetRequiredService<LinkOwners>(),
            Sessions = all.GetRequiredService<LiveSessions>(),
            Metrics = all.GetRequiredService<GatewayMetrics>(),
            Time = all.GetRequiredService<TimeProvider>(),
            Log = all.GetRequiredService<ILoggerFactory>().CreateLogger("Gatehouse.Gateway"),
        });
        services.TryAddSingleton(static all => new MqttHandler(all.GetRequiredService<GatewayParts>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAmqpDoor, DeviceDoor>(static all => new DeviceDoor(all.GetRequiredService<GatewayParts>())));
        services.TryAddSingleton(static all => Api(all.GetRequiredService<GatewayParts>(), all.GetRequiredService<CloudToDeviceMessages>(), all.GetRequiredService<FileUploads>()));
        services.TryAddSingleton(static all => new BlobApi(all.GetRequiredService<GatewayParts>(), all.GetRequiredService<BlobAccess>(), all.GetRequiredService<BlobStore>()));
        return services;
    }

    /// <summary>Answers what devices ask for over HTTPS below <c>/devices/{id}/</c>, and the blobs that they upload; everything else goes on to the next middleware. Goes before the service plane, which has other operations there.</summary>
    public static IApplicationBuilder UseDeviceApi(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var api = app.ApplicationServices.GetRequiredService<DeviceApi>();
        var blobs = app.ApplicationServices.GetRequiredService<BlobApi>();
        return app.Use(next => http => api.InvokeAsync(http, next)).Use(next => http => blobs.InvokeAsync(http, next));
    }

    private static DeviceApi Api(GatewayParts parts, CloudToDeviceMessages messages, FileUploads uploads) => new(
        parts,
        [
            new SendEvent(parts),
            new ReceiveMessage(messages),
            new SettleMessage(messages),
            new AbandonMessage(messages),
            new InitializeUpload(uploads),
            new NotifyUpload(uploads, NotifyUpload.InBody),
            new NotifyUpload(uploads, NotifyUpload.InPath),
        ]);
}
