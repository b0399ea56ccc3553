namespace Gatehouse.Contracts.Access;

/// <summary>Every operation with its permission and throttle class: the table from which doors authorize.</summary>
/// <remarks>Sources: "Control access" and quota pages of IoT Hub and of the Device Provisioning Service. A table: rows may exceed the usual file size.</remarks>
public static class Operations
{
    public static readonly Operation ConnectDevice = Device("ConnectDevice", ThrottleClass.DeviceConnections, Rights.DeviceTelemetry, Rights.DeviceMessages, Rights.DeviceMethods, Rights.DeviceTwin, Rights.DeviceFiles);
    public static readonly Operation SendTelemetry = Device("SendTelemetry", ThrottleClass.DeviceToCloudSends, Rights.DeviceTelemetry);
    public static readonly Operation ReceiveCloudToDeviceMessage = Device("ReceiveCloudToDeviceMessage", ThrottleClass.CloudToDeviceReceives, Rights.DeviceMessages);
    public static readonly Operation ReceiveMethodCall = Device("ReceiveMethodCall", ThrottleClass.None, Rights.DeviceMethods);
    public static readonly Operation ReadOwnTwin = Device("ReadOwnTwin", ThrottleClass.TwinReads, Rights.DeviceTwin);
    public static readonly Operation UpdateReportedProperties = Device("UpdateReportedProperties", ThrottleClass.TwinWrites, Rights.DeviceTwin);
    public static readonly Operation ObserveDesiredProperties = Device("ObserveDesiredProperties", ThrottleClass.None, Rights.DeviceTwin);
    public static readonly Operation InitializeFileUpload = Device("InitializeFileUpload", ThrottleClass.FileUploads, Rights.DeviceFiles);
    public static readonly Operation NotifyFileUpload = Device("NotifyFileUpload", ThrottleClass.FileUploads, Rights.DeviceFiles);
    public static readonly Operation IssueCertificate = Device("IssueCertificate", ThrottleClass.None);

    public static readonly Operation GetDevice = Service("GetDevice", ThrottleClass.IdentityRegistry, Rights.RegistryRead);
    public static readonly Operation ListDevices = Service("ListDevices", ThrottleClass.IdentityRegistry, Rights.RegistryRead);
    public static readonly Operation CreateOrUpdateDevice = Service("CreateOrUpdateDevice", ThrottleClass.IdentityRegistry, Rights.RegistryWrite);
    public static readonly Operation DeleteDevice = Service("DeleteDevice", ThrottleClass.IdentityRegistry, Rights.RegistryWrite);
    public static readonly Operation BulkDevices = Service("BulkDevices", ThrottleClass.Bulk, Rights.RegistryWrite);
    public static readonly Operation RegenerateKeys = Service("RegenerateKeys", ThrottleClass.Bulk, Rights.RegistryWrite);
    public static readonly Operation ListModules = Service("ListModules", ThrottleClass.IdentityRegistry, Rights.RegistryRead);
    public static readonly Operation GetModule = Service("GetModule", ThrottleClass.IdentityRegistry, Rights.RegistryRead);
    public static readonly Operation CreateOrUpdateModule = Service("CreateOrUpdateModule", ThrottleClass.IdentityRegistry, Rights.RegistryWrite);
    public static readonly Operation DeleteModule = Service("DeleteModule", ThrottleClass.IdentityRegistry, Rights.RegistryWrite);
    public static readonly Operation GetDeviceStatistics = Service("GetDeviceStatistics", ThrottleClass.IdentityRegistry, Rights.RegistryRead);
    public static readonly Operation GetServiceStatistics = Service("GetServiceStatistics", ThrottleClass.IdentityRegistry, Rights.RegistryRead);
    public static readonly Operation SendCloudToDeviceMessage = Service("SendCloudToDeviceMessage", ThrottleClass.CloudToDeviceSends, Rights.ServiceConnect);
    public static readonly Operation PurgeCloudToDeviceMessageQueue = Service("PurgeCloudToDeviceMessageQueue", ThrottleClass.CloudToDeviceSends, Rights.ServiceConnect);
    public static readonly Operation ReceiveFeedbackNotification = Service("ReceiveFeedbackNotification", ThrottleClass.CloudToDeviceReceives, Rights.ServiceConnect);
    public static readonly Operation ReceiveFileUploadNotification = Service("ReceiveFileUploadNotification", ThrottleClass.CloudToDeviceReceives, Rights.ServiceConnect);

    public static readonly Operation QueryTwins = Service("QueryTwins", ThrottleClass.Queries, Rights.ServiceConnect, Rights.RegistryRead);
    public static readonly Operation InvokeMethod = Service("InvokeMethod", ThrottleClass.DirectMethods, Rights.ServiceConnect);
    public static readonly Operation CreateScheduledJob = Service("CreateScheduledJob", ThrottleClass.Jobs, Rights.ServiceConnect);
    public static readonly Operation GetScheduledJob = Service("GetScheduledJob", ThrottleClass.Jobs, Rights.ServiceConnect);
    public static readonly Operation CancelScheduledJob = Service("CancelScheduledJob", ThrottleClass.Jobs, Rights.ServiceConnect);
    public static readonly Operation QueryScheduledJobs = Service("QueryScheduledJobs", ThrottleClass.Jobs, Rights.ServiceConnect);
    public static readonly Operation CreateImportExportJob = Service("CreateImportExportJob", ThrottleClass.Jobs, Rights.RegistryWrite);
    public static readonly Operation GetImportExportJob = Service("GetImportExportJob", ThrottleClass.Jobs, Rights.RegistryRead);
    public static readonly Operation CancelImportExportJob = Service("CancelImportExportJob", ThrottleClass.Jobs, Rights.RegistryWrite);
    public static readonly Operation GetTwin = Service("GetTwin", ThrottleClass.TwinReads, Rights.ServiceConnect);
    public static readonly Operation UpdateTwin = Service("UpdateTwin", ThrottleClass.TwinWrites, Rights.ServiceConnect);
    public static readonly Operation ReplaceTwin = Service("ReplaceTwin", ThrottleClass.TwinWrites, Rights.ServiceConnect);

    public static readonly Operation GetDigitalTwin = Service("GetDigitalTwin", ThrottleClass.TwinReads, Rights.ServiceConnect);
    public static readonly Operation UpdateDigitalTwin = Service("UpdateDigitalTwin", ThrottleClass.TwinWrites, Rights.ServiceConnect);
    public static readonly Operation InvokeCommand = Service("InvokeCommand", ThrottleClass.DirectMethods, Rights.ServiceConnect);

    public static readonly Operation GetConfiguration = Service("GetConfiguration", ThrottleClass.Configurations, Rights.RegistryRead, Rights.ServiceConnect);
    public static readonly Operation ListConfigurations = Service("ListConfigurations", ThrottleClass.Configurations, Rights.RegistryRead, Rights.ServiceConnect);
    public static readonly Operation CreateOrUpdateConfiguration = Service("CreateOrUpdateConfiguration", ThrottleClass.Configurations, Rights.RegistryWrite);
    public static readonly Operation DeleteConfiguration = Service("DeleteConfiguration", ThrottleClass.Configurations, Rights.RegistryWrite);
    public static readonly Operation TestConfigurationQueries = Service("TestConfigurationQueries", ThrottleClass.Configurations, Rights.RegistryRead, Rights.ServiceConnect);
    public static readonly Operation ApplyConfigurationContent = Service("ApplyConfigurationContent", ThrottleClass.Configurations, Rights.RegistryWrite);

    public static readonly Operation ReadEvents = Operator("ReadEvents", ThrottleClass.EventReads, Rights.ServiceConnect);
    public static readonly Operation GetPartitions = Operator("GetPartitions", ThrottleClass.EventReads, Rights.ServiceConnect);
    public static readonly Operation ManageConsumerGroups = Operator("ManageConsumerGroups", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ManagePolicies = Operator("ManagePolicies", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ManageKeys = Operator("ManageKeys", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ManageCertificates = Operator("ManageCertificates", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ManageServerCertificate = Operator("ManageServerCertificate", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ManageRevocations = Operator("ManageRevocations", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ManageRotations = Operator("ManageRotations", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ManageStrictness = Operator("ManageStrictness", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ManageRouting = Operator("ManageRouting", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ManageFileUpload = Operator("ManageFileUpload", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ReadFiles = Operator("ReadFiles", ThrottleClass.None, Rights.ServiceConnect);
    public static readonly Operation DeleteFile = Operator("DeleteFile", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ReadCredentialUses = Operator("ReadCredentialUses", ThrottleClass.None, Rights.RegistryRead);
    public static readonly Operation ReadCertificateInventory = Operator("ReadCertificateInventory", ThrottleClass.None, Rights.RegistryRead);
    public static readonly Operation AcknowledgeCertificateAlarm = Operator("AcknowledgeCertificateAlarm", ThrottleClass.None, Rights.RegistryWrite);
    public static readonly Operation ReadRefusals = Operator("ReadRefusals", ThrottleClass.None, Rights.RegistryRead);
    public static readonly Operation ReadAudit = Operator("ReadAudit", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ReadTrustLog = Operator("ReadTrustLog", ThrottleClass.None, Rights.Owner);
    public static readonly Operation ManageTrustLog = Operator("ManageTrustLog", ThrottleClass.None, Rights.Owner);

    public static readonly Operation RegisterDevice = Registration("RegisterDevice", ThrottleClass.DeviceRegistrations);
    public static readonly Operation GetOperationStatus = Registration("GetOperationStatus", ThrottleClass.RegistrationPolls);
    public static readonly Operation GetDeviceRegistration = Registration("GetDeviceRegistration", ThrottleClass.RegistrationPolls);
    /// <summary>What EST clients ask before they have a credential: the CAs that issue, and what to put into a request. Public; RFC 7030 §4.1 and §4.5.</summary>
    public static readonly Operation GetIssuers = Registration("GetIssuers", ThrottleClass.None);

    public static readonly Operation GetIndividualEnrollment = Provisioning("GetIndividualEnrollment", Rights.EnrollmentRead);
    public static readonly Operation CreateOrUpdateIndividualEnrollment = Provisioning("CreateOrUpdateIndividualEnrollment", Rights.EnrollmentWrite);
    public static readonly Operation DeleteIndividualEnrollment = Provisioning("DeleteIndividualEnrollment", Rights.EnrollmentWrite);
    public static readonly Operation RunBulkEnrollmentOperation = Provisioning("RunBulkEnrollmentOperation", Rights.EnrollmentWrite);
    public static readonly Operation QueryIndividualEnrollments = Provisioning("QueryIndividualEnrollments", Rights.EnrollmentRead);
    public static readonly Operation GetIndividualEnrollmentAttestationMechanism = Provisioning("GetIndividualEnrollmentAttestationMechanism", Rights.EnrollmentWrite);
    public static readonly Operation GetEnrollmentGroup = Provisioning("GetEnrollmentGroup", Rights.EnrollmentRead);
    public static readonly Operation CreateOrUpdateEnrollmentGroup = Provisioning("CreateOrUpdateEnrollmentGroup", Rights.EnrollmentWrite);
    public static readonly Operation DeleteEnrollmentGroup = Provisioning("DeleteEnrollmentGroup", Rights.EnrollmentWrite);
    public static readonly Operation RunBulkEnrollmentGroupOperation = Provisioning("RunBulkEnrollmentGroupOperation", Rights.EnrollmentWrite);
    public static readonly Operation QueryEnrollmentGroups = Provisioning("QueryEnrollmentGroups", Rights.EnrollmentRead);
    public static readonly Operation GetEnrollmentGroupAttestationMechanism = Provisioning("GetEnrollmentGroupAttestationMechanism", Rights.EnrollmentWrite);
    public static readonly Operation ListProvisioningCertificates = Provisioning("ListProvisioningCertificates", Rights.ServiceConfig);
    public static readonly Operation GetProvisioningCertificate = Provisioning("GetProvisioningCertificate", Rights.ServiceConfig);
    public static readonly Operation CreateOrUpdateProvisioningCertificate = Provisioning("CreateOrUpdateProvisioningCertificate", Rights.ServiceConfig);
    public static readonly Operation DeleteProvisioningCertificate = Provisioning("DeleteProvisioningCertificate", Rights.ServiceConfig);
    public static readonly Operation GenerateProvisioningVerificationCode = Provisioning("GenerateProvisioningVerificationCode", Rights.ServiceConfig);
    public static readonly Operation VerifyProvisioningCertificate = Provisioning("VerifyProvisioningCertificate", Rights.ServiceConfig);
    public static readonly Operation GetProvisioningService = Provisioning("GetProvisioningService", Rights.ServiceConfig);
    public static readonly Operation UpdateProvisioningService = Provisioning("UpdateProvisioningService", Rights.ServiceConfig);
    public static readonly Operation ListProvisioningPolicies = Provisioning("ListProvisioningPolicies", Rights.ServiceConfig);
    public static readonly Operation GetProvisioningPolicy = Provisioning("GetProvisioningPolicy", Rights.ServiceConfig);
    public static readonly Operation CreateOrUpdateProvisioningPolicy = Provisioning("CreateOrUpdateProvisioningPolicy", Rights.ServiceConfig);
    public static readonly Operation DeleteProvisioningPolicy = Provisioning("DeleteProvisioningPolicy", Rights.ServiceConfig);
    public static readonly Operation ListProvisioningPolicyKeys = Provisioning("ListProvisioningPolicyKeys", Rights.ServiceConfig);
    public static readonly Operation RegenerateProvisioningPolicyKey = Provisioning("RegenerateProvisioningPolicyKey", Rights.ServiceConfig);
    public static readonly Operation ListLinkedHubs = Provisioning("ListLinkedHubs", Rights.ServiceConfig);
    public static readonly Operation GetLinkedHub = Provisioning("GetLinkedHub", Rights.ServiceConfig);
    public static readonly Operation CreateOrUpdateLinkedHub = Provisioning("CreateOrUpdateLinkedHub", Rights.ServiceConfig);
    public static readonly Operation DeleteLinkedHub = Provisioning("DeleteLinkedHub", Rights.ServiceConfig);
    public static readonly Operation ListCredentialPolicies = Provisioning("ListCredentialPolicies", Rights.ServiceConfig);
    public static readonly Operation GetCredentialPolicy = Provisioning("GetCredentialPolicy", Rights.ServiceConfig);
    public static readonly Operation CreateOrUpdateCredentialPolicy = Provisioning("CreateOrUpdateCredentialPolicy", Rights.ServiceConfig);
    public static readonly Operation DeleteCredentialPolicy = Provisioning("DeleteCredentialPolicy", Rights.ServiceConfig);
    public static readonly Operation ListIssuedCertificates = Provisioning("ListIssuedCertificates", Rights.RegistrationStatusRead);
    public static readonly Operation RevokeIssuedCertificate = Provisioning("RevokeIssuedCertificate", Rights.RegistrationStatusWrite);
    public static readonly Operation GetDeviceRegistrationState = Provisioning("GetDeviceRegistrationState", Rights.RegistrationStatusRead);
    public static readonly Operation DeleteDeviceRegistrationState = Provisioning("DeleteDeviceRegistrationState", Rights.RegistrationStatusWrite);
    public static readonly Operation QueryDeviceRegistrationStates = Provisioning("QueryDeviceRegistrationStates", Rights.RegistrationStatusRead);

    /// <summary>Not of the service: it makes a device prove again what it has booted.</summary>
    public static readonly Operation RequestAttestation = Provisioning("RequestAttestation", Rights.RegistrationStatusWrite);

    /// <summary>Not of the service: who came by which credential. Policies are shown to who may see them (<see cref="Rights.ServiceConfig"/>).</summary>
    public static readonly Operation ReadProvisioningCredentialUses = Provisioning("ReadProvisioningCredentialUses", Rights.RegistrationStatusRead);

    /// <summary>Not of the service: all certificates that it knows, what ends when, and alarms.</summary>
    public static readonly Operation ReadProvisioningCertificateInventory = Provisioning("ReadProvisioningCertificateInventory", Rights.RegistrationStatusRead);

    /// <summary>Not of the service.</summary>
    public static readonly Operation AcknowledgeProvisioningCertificateAlarm = Provisioning("AcknowledgeProvisioningCertificateAlarm", Rights.RegistrationStatusWrite);

    /// <summary>Not of the service: plans that rotate keys of enrollments, and with <see cref="Rights.ServiceConfig"/> those of policies.</summary>
    public static readonly Operation ManageProvisioningRotations = Provisioning("ManageProvisioningRotations", Rights.EnrollmentWrite);

    /// <summary>All rows, for the permission table test and docs/compatibility.md.</summary>
    public static IReadOnlyList<Operation> All { get; } =
    [
        ConnectDevice, SendTelemetry, ReceiveCloudToDeviceMessage, ReceiveMethodCall, ReadOwnTwin, UpdateReportedProperties, ObserveDesiredProperties,
        InitializeFileUpload, NotifyFileUpload, IssueCertificate,
        GetDevice, ListDevices, CreateOrUpdateDevice, DeleteDevice, BulkDevices, RegenerateKeys,
        ListModules, GetModule, CreateOrUpdateModule, DeleteModule,
        GetDeviceStatistics, GetServiceStatistics,
        SendCloudToDeviceMessage, PurgeCloudToDeviceMessageQueue, ReceiveFeedbackNotification, ReceiveFileUploadNotification,
        QueryTwins, InvokeMethod, CreateScheduledJob, GetScheduledJob, CancelScheduledJob, QueryScheduledJobs, CreateImportExportJob, GetImportExportJob, CancelImportExportJob,
        GetConfiguration, ListConfigurations, CreateOrUpdateConfiguration, DeleteConfiguration, TestConfigurationQueries, ApplyConfigurationContent,
        GetTwin, UpdateTwin, ReplaceTwin, GetDigitalTwin, UpdateDigitalTwin, InvokeCommand,
        ReadEvents, GetPartitions, ManageConsumerGroups, ManagePolicies, ManageKeys, ManageCertificates, ManageServerCertificate, ManageRevocations, ManageRotations, ManageStrictness, ManageRouting,
        ManageFileUpload, ReadFiles, DeleteFile, ReadCredentialUses, ReadCertificateInventory, AcknowledgeCertificateAlarm, ReadRefusals, ReadAudit, ReadTrustLog, ManageTrustLog,
        RegisterDevice, GetOperationStatus, GetDeviceRegistration, GetIssuers,
        GetIndividualEnrollment, CreateOrUpdateIndividualEnrollment, DeleteIndividualEnrollment,
        RunBulkEnrollmentOperation, QueryIndividualEnrollments, GetIndividualEnrollmentAttestationMechanism,
        GetEnrollmentGroup, CreateOrUpdateEnrollmentGroup, DeleteEnrollmentGroup,
        RunBulkEnrollmentGroupOperation, QueryEnrollmentGroups, GetEnrollmentGroupAttestationMechanism,
        ListProvisioningCertificates, GetProvisioningCertificate, CreateOrUpdateProvisioningCertificate,
        DeleteProvisioningCertificate, GenerateProvisioningVerificationCode, VerifyProvisioningCertificate,
        GetProvisioningService, UpdateProvisioningService, ListProvisioningPolicies, GetProvisioningPolicy,
        CreateOrUpdateProvisioningPolicy, DeleteProvisioningPolicy, ListProvisioningPolicyKeys, RegenerateProvisioningPolicyKey,
        ListLinkedHubs, GetLinkedHub, CreateOrUpdateLinkedHub, DeleteLinkedHub,
        ListCredentialPolicies, GetCredentialPolicy, CreateOrUpdateCredentialPolicy, DeleteCredentialPolicy, ListIssuedCertificates, RevokeIssuedCertificate,
        GetDeviceRegistrationState, DeleteDeviceRegistrationState, QueryDeviceRegistrationStates, RequestAttestation, ReadProvisioningCredentialUses,
        ManageProvisioningRotations, ReadProvisioningCertificateInventory, AcknowledgeProvisioningCertificateAlarm,
    ];

    private static Operation Device(string name, ThrottleClass throttle, params Rights[] parts) => new(name, Plane.Device, [Rights.DeviceConnect, .. parts], throttle);

    private static Operation Service(string name, ThrottleClass throttle, params Rights[] anyOf) => new(name, Plane.Service, anyOf, throttle);

    private static Operation Operator(string name, ThrottleClass throttle, params Rights[] anyOf) => new(name, Plane.Operator, anyOf, throttle);

    private static Operation Registration(string name, ThrottleClass throttle) => new(name, Plane.Registration, [Rights.DeviceConnect], throttle);

    private static Operation Provisioning(string name, Rights right) => new(name, Plane.Provisioning, [right], ThrottleClass.ProvisioningCalls);
}
