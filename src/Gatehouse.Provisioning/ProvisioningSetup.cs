using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Contracts.Signals;
using Gatehouse.Identity;
using Gatehouse.Identity.X509;
using Gatehouse.Keys;
using Gatehouse.Provisioning.AccessPolicies;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.Certificates;
using Gatehouse.Provisioning.CertificateStatus;
using Gatehouse.Provisioning.DeviceDoor;
using Gatehouse.Provisioning.DeviceDoor.Amqp;
using Gatehouse.Provisioning.DeviceDoor.Est;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Provisioning.Limits;
using Gatehouse.Provisioning.LinkedHubs;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Provisioning.RevocationNotices;
using Gatehouse.Provisioning.Rotation;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Provisioning.ServiceDoor.AuthorizationPolicies;
using Gatehouse.Provisioning.ServiceDoor.Certificates;
using Gatehouse.Provisioning.ServiceDoor.CredentialUses;
using Gatehouse.Provisioning.ServiceDoor.CredentialPolicies;
using Gatehouse.Provisioning.ServiceDoor.EnrollmentGroups;
using Gatehouse.Provisioning.ServiceDoor.IndividualEnrollments;
using Gatehouse.Provisioning.ServiceDoor.Inventory;
using Gatehouse.Provisioning.ServiceDoor.IotHubs;
using Gatehouse.Provisioning.ServiceDoor.RegistrationStates;
using Gatehouse.Provisioning.ServiceDoor.Rotations;
using Gatehouse.Provisioning.ServiceDoor.Settings;
using Gatehouse.Provisioning.UseTracking;
using Gatehouse.Store;
using Gatehouse.Store.Certificates;
using Gatehouse.Store.Rotation;
using Gatehouse.Transport;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Sasl;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Provisioning;

/// <summary>How the server takes this room in: AddProvisioning, then (after the hub) <see cref="ProvisioningStartup.StartAsync"/>, and <see cref="UseProvisioning"/> before the service plane of the hub.</summary>
public static class ProvisioningSetup
{
    /// <summary>Needs AddIdentity, AddStore with a Database, signals, a SecretVault, the <see cref="Contracts.Credentials.IRevocations"/> and an <see cref="IDeviceRegistrar"/>.</summary>
    public static IServiceCollection AddProvisioning(this IServiceCollection services, ProvisioningOptions options)
    {
        services.AddMetrics();
        services.TryAddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ProvisioningMetrics>();
        services.TryAddSingleton<ProvisioningDirectory>();
        services.TryAddSingleton(static all => new ProvisioningPolicies(all.GetRequiredService<Database>(), all.GetRequiredService<SecretVault>(), all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static all => new ProvisioningStartup(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<ProvisioningDirectory>(),
            all.GetRequiredService<ProvisioningPolicies>(),
            all.GetRequiredService<ProvisioningOptions>(),
            all.GetRequiredService<TimeProvider>(),
            all.GetRequiredService<ISignals>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAuditNeighbour, LinkedServices>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IProvisionedKeys, ProvisionedKeys>());
        services.TryAddSingleton<AllocationRules>();
        services.TryAddSingleton<EnrollmentRules>();
        services.TryAddSingleton<EnrollmentWriter>();
        services.TryAddSingleton<EnrollmentQueries>();
        services.TryAddSingleton<CaCertificates>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStandingCertificates, StandingCertificates>());
        services.TryAddSingleton<IssuingAuthorities>();
        services.TryAddSingleton<Issuance.CredentialPolicies>();
        services.TryAddSingleton<IssuedCertificates>();
        services.TryAddSingleton<PublishedAddresses>();
        services.TryAddSingleton<PublishedLists>();
        services.TryAddSingleton<StatusResponders>();
        services.TryAddSingleton<OcspRates>();
        services.TryAddSingleton<CertificateStatuses>();
        services.TryAddSingleton<PublicDoor.StatusDoor>();
        services.TryAddSingleton<PublicDoor.PublicDoor>();
        services.TryAddSingleton<CertificateIssuer>();
        services.TryAddSingleton<LinkedHubSettings>();
        services.TryAddSingleton<PolicySettings>();
        services.TryAddSingleton<InstanceSettings>();
        services.TryAddSingleton<Enrollments.Enrollments>();
        services.TryAddSingleton<ProvisioningUses>();
        services.TryAddSingleton<ProvisioningUseWriter>();
        services.AddHostedService(static all => all.GetRequiredService<ProvisioningUseWriter>());
        services.TryAddSingleton<KeyUsers>();
        services.TryAddSingleton<ProvisioningUsage>();
        services.TryAddSingleton<RotationParts>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IRotatedKeys, PolicyKeyPairs>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IRotatedKeys, GroupKeyPairs>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IRotatedKeys, IndividualKeyPairs>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IRotatedKeys, GroupCaPairs>());
        services.TryAddSingleton<KeyRolls>();
        services.AddHostedService<KeyRollUpkeep>();
        AddRegistrations(services);
        AddServiceApi(services);
        services.TryAddSingleton<ProvisioningPipeline>();
        return services;
    }

    /// <summary>The HTTPS doors of provisioning services. They are told from the hub's by path, so they may share host names.</summary>
    public static void UseProvisioning(this IApplicationBuilder app)
    {
        var pipeline = app.ApplicationServices.GetRequiredService<ProvisioningPipeline>();
        app.Use(next => http => pipeline.InvokeAsync(http, next));
    }

    /// <summary>What everybody may have of the CAs of provisioning services, over plain HTTP; before all else, as nothing else is to be had there.</summary>
    /// <param name="app">The server.</param>
    /// <param name="isPublic">Whether a request came by the listener for this.</param>
    public static void UsePublicDoor(this IApplicationBuilder app, Func<HttpContext, bool> isPublic)
    {
        var door = app.ApplicationServices.GetRequiredService<PublicDoor.PublicDoor>();
        app.Use(next => http => isPublic(http) ? door.InvokeAsync(http) : next(http));
    }

    /// <summary>MQTT of devices that register, before the hub's: told apart by the user name of CONNECT.</summary>
    public static IConnectionHandler WithRegistrations(this IServiceProvider services, IConnectionHandler hub) =>
        new MqttDoor(hub, services.GetRequiredService<DeviceRegistrations>(), services.GetRequiredService<ProvisioningOptions>(), services.GetRequiredService<TimeProvider>());

    private static void AddRegistrations(IServiceCollection services)
    {
        services.TryAddSingleton<KnownGroups>();
        services.TryAddSingleton<SymmetricKeyAttestation>();
        services.TryAddSingleton<CertificateChains>();
        services.TryAddSingleton<LinkedRevocations>();
        services.TryAddSingleton<X509Attestation>();
        services.TryAddSingleton<TpmNonces>();
        services.TryAddSingleton<ShownStorageRoots>();
        services.TryAddSingleton<BlobSeats>();
        services.TryAddSingleton<QuoteAttestation>();
        services.TryAddSingleton<BootHub>();
        services.TryAddSingleton<BootStates>();
        services.TryAddSingleton<BootUpkeep>();
        services.AddHostedService(static all => all.GetRequiredService<BootUpkeep>());
        services.TryAddSingleton<EndorsementCertificates>();
        services.TryAddSingleton<MakerCertificates>();
        services.TryAddSingleton<TpmAttestation>();
        services.TryAddSingleton<Attestor>();
        services.TryAddSingleton<CustomAllocation>();
        services.TryAddSingleton<DistantHubs>();
        services.TryAddSingleton<LinkedHubRegistrar>();
        services.TryAddSingleton<LeftDevices>();
        services.AddHostedService<LeftDeviceUpkeep>();
        services.TryAddSingleton<RevocationNotices.RevocationNotices>();
        services.AddHostedService<RevocationNoticeUpkeep>();
        services.TryAddSingleton<DeviceCredentials>();
        services.TryAddSingleton<Assignment>();
        services.TryAddSingleton<RegistrationQueue>();
        services.TryAddSingleton<DeviceTurns>();
        services.TryAddSingleton<Registrations.Registrations>();
        services.TryAddSingleton<Registrations.RegistrationStates>();
        services.TryAddSingleton<RateLimits>();
        services.TryAddSingleton<DeviceRegistrations>();
        services.TryAddSingleton<DeviceApi>();
        services.TryAddSingleton<ICertificateRenewal, CertificateRenewal>();
        services.TryAddSingleton<EstRenewal>();
        services.TryAddSingleton<EstIssuers>();
        services.TryAddSingleton<EstApi>();
        services.TryAddSingleton<ISaslRealm, RegistrationRealm>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAmqpDoor, RegistrationNodes>());
    }

    private static void AddServiceApi(IServiceCollection services)
    {
        services.TryAddSingleton<PolicySource>();
        services.TryAddSingleton(static all => new ServiceGate(
            new PolicyAuthenticator(
                all.GetRequiredService<PolicySource>(), all.GetRequiredService<SecretVault>(), all.GetRequiredService<TimeProvider>(), all.GetRequiredService<IdentityOptions>(), all.GetRequiredService<RefusalBackoff>()),
            all.GetRequiredService<ProvisioningUses>(),
            all.GetRequiredService<IRefusalLog>()));
        services.TryAddSingleton<ServiceApi>();
        Add<GetIndividualEnrollment>(services);
        Add<CreateOrUpdateIndividualEnrollment>(services);
        Add<DeleteIndividualEnrollment>(services);
        Add<RunBulkEnrollmentOperation>(services);
        Add<QueryIndividualEnrollments>(services);
        Add<GetIndividualEnrollmentAttestationMechanism>(services);
        Add<GetEnrollmentGroup>(services);
        Add<CreateOrUpdateEnrollmentGroup>(services);
        Add<DeleteEnrollmentGroup>(services);
        Add<RunBulkEnrollmentGroupOperation>(services);
        Add<QueryEnrollmentGroups>(services);
        Add<GetEnrollmentGroupAttestationMechanism>(services);
        Add<ListCertificates>(services);
        Add<GetCertificate>(services);
        Add<PutCertificate>(services);
        Add<DeleteCertificate>(services);
        Add<GenerateVerificationCode>(services);
        Add<VerifyCertificate>(services);
        Add<ListCredentialPolicies>(services);
        Add<GetCredentialPolicy>(services);
        Add<PutCredentialPolicy>(services);
        Add<DeleteCredentialPolicy>(services);
        Add<ListIssuedCertificates>(services);
        Add<RevokeIssuedCertificate>(services);
        Add<GetInstanceSettings>(services);
        Add<UpdateInstanceSettings>(services);
        Add<ListPolicies>(services);
        Add<GetPolicy>(services);
        Add<PutPolicy>(services);
        Add<DeletePolicy>(services);
        Add<ListPolicyKeys>(services);
        Add<RegeneratePolicyKey>(services);
        Add<ListLinkedHubs>(services);
        Add<GetLinkedHub>(services);
        Add<PutLinkedHub>(services);
        Add<DeleteLinkedHub>(services);
        Add<GetDeviceRegistrationState>(services);
        Add<DeleteDeviceRegistrationState>(services);
        Add<QueryDeviceRegistrationStates>(services);
        Add<RequestAttestation>(services);
        services.TryAddSingleton<RotationRights>();
        Add<CreateRotation>(services);
        Add<ListRotations>(services);
        Add<GetRotation>(services);
        Add<ChangeRotation>(services);
        Add<ListRotationRules>(services);
        Add<SetRotationRule>(services);
        Add<RemoveRotationRule>(services);
        Add<ListDueRotations>(services);
        Add<SummarizeUses>(services);
        Add<FindUsers>(services);
        Add<ListUses>(services);
        Add<ListInventory>(services);
        Add<ForecastEnds>(services);
        Add<ListAlarms>(services);
        Add<AcknowledgeAlarm>(services);
    }

    private static void Add<T>(IServiceCollection services)
        where T : ServiceOperation => services.TryAddEnumerable(ServiceDescriptor.Singleton<ServiceOperation, T>());
}
