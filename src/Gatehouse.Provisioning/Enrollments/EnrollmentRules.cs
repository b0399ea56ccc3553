using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Sinks.Webhooks;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>Reads an enrollment as sent: what contradicts itself, or asks for what is not there, is refused and nothing of it is kept.</summary>
internal sealed class EnrollmentRules(IDeviceRegistrar registrar, AllocationRules allocations, ProvisioningOptions options)
{
    private readonly AttestationRules attestations = new(options);

    /// <param name="kind">Which door it came through.</param>
    /// <param name="id">Id in the path; null in a bulk call, where the document names itself.</param>
    /// <param name="document">What was sent.</param>
    /// <param name="linked">The hubs that may be named.</param>
    internal Result<EnrollmentInput> Read(EnrollmentKind kind, string? id, EnrollmentDocument document, IReadOnlyList<LinkedHub> linked)
    {
        var named = kind == EnrollmentKind.Individual ? document.RegistrationId : document.EnrollmentGroupId;
        var word = kind == EnrollmentKind.Individual ? "registrationId" : "enrollmentGroupId";
        var name = id ?? named;
        if (!EnrollmentKey.IsValid(name))
        {
            return Invalid($"The {word} must have {EnrollmentKey.Rule}.");
        }

        if (named is not null && !named.Equals(name, StringComparison.OrdinalIgnoreCase))
        {
            return Invalid($"The {word} of the body is not that of the path.");
        }

        if (CheckKind(kind, document) is { } wrongKind)
        {
            return wrongKind;
        }

        var settings = ReadSettings(document, linked);
        if (!settings.IsOk)
        {
            return settings.Error;
        }

        var input = attestations.Read(new EnrollmentInput
        {
            Key = EnrollmentKey.Of(kind, name!),
            Name = name!,
            Type = AttestationType.SymmetricKey,
            IsDisabled = IsWord(document.ProvisioningStatus, "disabled"),
            Settings = settings.Value,
        }, document.Attestation);
        return input.IsOk && document.MeasuredBootPolicy is { } policy ? MeasuredBootRules.Read(input.Value, policy) : input;
    }

    private static HubError? CheckKind(EnrollmentKind kind, EnrollmentDocument document) => kind == EnrollmentKind.Individual
        ? (document.EnrollmentGroupId is null ? null : Invalid("An individual enrollment has no enrollmentGroupId."))
        : document.RegistrationId is not null ? Invalid("An enrollment group has no registrationId.")
        : document.DeviceId is not null ? Invalid("An enrollment group has no deviceId: each of its devices is named by its registrationId.")
        : document.OptionalDeviceInformation is not null ? Invalid("An enrollment group has no optionalDeviceInformation.")
        : null;

    private Result<EnrollmentDocument> ReadSettings(EnrollmentDocument document, IReadOnlyList<LinkedHub> linked)
    {
        if (document.ProvisioningStatus is { } status && !IsWord(status, "enabled") && !IsWord(status, "disabled"))
        {
            return Invalid("The provisioningStatus must be enabled or disabled.");
        }

        if (!string.IsNullOrEmpty(document.DeviceId) && !DeviceId.TryParse(document.DeviceId, out _))
        {
            return Invalid("The deviceId must have 1 to 128 characters of A-Z a-z 0-9 - . + % _ # * ? ! ( ) , : = @ $ ' ;");
        }

        // Whether it is there shows when it is written.
        if (!string.IsNullOrEmpty(document.CredentialPolicyName) && !EnrollmentKey.IsValid(document.CredentialPolicyName))
        {
            return Invalid($"The credentialPolicyName must have {EnrollmentKey.Rule}.");
        }

        if ((CheckInformation(document.OptionalDeviceInformation) ?? CheckTwin(document.InitialTwin) ?? CheckAllocation(document)) is { } refused)
        {
            return refused;
        }

        var places = allocations.Read(document, linked);
        return !places.IsOk ? places.Error : new EnrollmentDocument
        {
            DeviceId = string.IsNullOrEmpty(document.DeviceId) ? null : document.DeviceId,
            OptionalDeviceInformation = document.OptionalDeviceInformation,
            Capabilities = document.Capabilities ?? new CapabilitiesDocument(false),
            InitialTwin = document.InitialTwin,
            ReprovisionPolicy = document.ReprovisionPolicy ?? new ReprovisionPolicyDocument(),
            AllocationPolicy = places.Value.Policy,
            CustomAllocationDefinition = document.CustomAllocationDefinition,
            IotHubs = places.Value.HostNames,
            CredentialPolicyName = string.IsNullOrEmpty(document.CredentialPolicyName) ? null : document.CredentialPolicyName,
        };
    }

    private HubError? CheckInformation(JsonObject? information) => information is null ? null
        : JsonBody.TextOf(information) is not { } text ? Invalid($"The optionalDeviceInformation {JsonBody.Unsound}.")
        : text.Length > options.MaxDeviceInformationBytes ? Invalid($"The optionalDeviceInformation has more than {options.MaxDeviceInformationBytes} bytes.")
        : null;

    private HubError? CheckTwin(JsonObject? twin) => twin is null ? null
        : JsonBody.TextOf(twin) is not { } text ? Invalid($"The initialTwin {JsonBody.Unsound}.")
        : registrar.CheckTwin(text) is { } wrong ? Invalid($"The initialTwin cannot be used: {wrong.Message}")
        : null;

    private HubError? CheckAllocation(EnrollmentDocument document)
    {
        if (document.CustomAllocationDefinition is not { } definition)
        {
            return IsWord(document.AllocationPolicy, AllocationPolicies.Custom) ? Invalid("The custom allocation policy needs a customAllocationDefinition.") : null;
        }

        return !IsWord(document.AllocationPolicy, AllocationPolicies.Custom) ? Invalid("A customAllocationDefinition goes with the custom allocation policy.")
            : WebhookTarget.ParseUrl(definition.WebhookUrl, out var fault) is not { } url ? Invalid(fault)
            : url.Scheme == Uri.UriSchemeHttp && !options.Allocation.AllowPrivateAddresses ? Invalid("A webhook is taken without TLS only where private addresses are allowed (--private-endpoints).")
            : null;
    }

    private static bool IsWord(string? text, string word) => string.Equals(text, word, StringComparison.OrdinalIgnoreCase);

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);
}
