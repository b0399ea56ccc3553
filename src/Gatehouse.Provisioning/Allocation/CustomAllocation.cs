using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Sinks;
using Gatehouse.Sinks.Webhooks;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.Allocation;

/// <summary>Asks the webhook of an enrollment which hub a device shall have.</summary>
/// <remarks>
/// Source: Device Provisioning Service "How to use custom allocation policies" page. A bounded number of calls is out at once and each has an end, so that a slow webhook
/// does not take the turns of devices that need none. What it answers is checked as if an enrollment had it.
/// </remarks>
internal sealed class CustomAllocation : IDisposable
{
    private readonly AllocationRules rules;
    private readonly IDeviceRegistrar registrar;
    private readonly AllocationOptions options;
    private readonly int maxAnswerBytes;
    private readonly TimeProvider time;
    private readonly ILogger<CustomAllocation> log;
    private readonly WebhookCaller caller;
    private readonly SemaphoreSlim places;

    public CustomAllocation(AllocationRules rules, IDeviceRegistrar registrar, ProvisioningOptions options, TimeProvider time, ILogger<CustomAllocation> log)
    {
        (this.rules, this.registrar, this.options, this.time, this.log) = (rules, registrar, options.Allocation, time, log);
        maxAnswerBytes = options.MaxDeviceBodyBytes;
        caller = new WebhookCaller(new SinkOptions { AllowPrivateAddresses = this.options.AllowPrivateAddresses, Timeout = this.options.Timeout }, time);
        places = new SemaphoreSlim(this.options.MaxCalls);
    }

    public void Dispose()
    {
        caller.Dispose();
        places.Dispose();
    }

    /// <summary>TooManyRequests, CustomAllocationFailed, CustomAllocationUnauthorizedAccess, CustomAllocationIotHubNotSpecified.</summary>
    /// <param name="proof">Who registers.</param>
    /// <param name="accepted">What it proved.</param>
    /// <param name="payload">What it sent; null for nothing.</param>
    /// <param name="before">Its record; null at first.</param>
    /// <param name="candidates">Hubs to choose from.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    internal async Task<Result<Allocated>> AskAsync(
        DeviceProof proof, AttestationVerdict.Accepted accepted, JsonNode? payload, RegistrationRow? before, IReadOnlyList<LinkedHub> candidates, CancellationToken cancellationToken)
    {
        if (!await places.WaitAsync(0, cancellationToken))
        {
            return ProvisioningErrors.TooManyRequests;
        }

        try
        {
            var question = Question(proof, accepted, payload, before, candidates);
            return await AskAsync(proof, accepted, JsonSerializer.SerializeToUtf8Bytes(question, ProvisioningJson.Own.AllocationQuestion), candidates, cancellationToken);
        }
        finally
        {
            places.Release();
        }
    }

    private async Task<Result<Allocated>> AskAsync(DeviceProof proof, AttestationVerdict.Accepted accepted, byte[] question, IReadOnlyList<LinkedHub> candidates, CancellationToken cancellationToken)
    {
        var url = new Uri(accepted.Enrollment.ReadSettings().CustomAllocationDefinition!.WebhookUrl!);
        using var end = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellationToken);
        var answer = new WebhookAnswer(0, default, "it did not answer in time");
        for (var attempt = 0; attempt < options.Attempts && !end.IsCancellationRequested; attempt++)
        {
            try
            {
                await Task.Delay(attempt * options.Pause, time, either.Token);
                answer = await caller.PostAsync(url, options.Secret, question, maxAnswerBytes, either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                break;
            }

            if (!answer.MayPass)
            {
                break;
            }
        }

        var read = Read(answer, candidates);
        if (!read.IsOk)
        {
            // What went wrong is for the operator; the device is told which kind.
            log.AllocationFailed(accepted.Enrollment.Name, proof.RegistrationId, read.Error.Message);
        }

        return read.IsOk ? read : read.Error.Code == ProvisioningErrors.CustomAllocationFailed.Code ? ProvisioningErrors.CustomAllocationFailed : read.Error;
    }

    private Result<Allocated> Read(WebhookAnswer answer, IReadOnlyList<LinkedHub> candidates)
    {
        if (answer.Fault.Length > 0)
        {
            return Failed(answer.Fault);
        }

        if (answer.Status is 401 or 403)
        {
            return ProvisioningErrors.CustomAllocationUnauthorizedAccess;
        }

        if (answer.Status is < 200 or >= 300)
        {
            return Failed($"it answered {answer.Status}");
        }

        var body = JsonBody.Parse(answer.Body.Span, ProvisioningJson.Types.AllocationAnswer);
        if (!body.IsOk || body.Value is null)
        {
            return Failed(body.IsOk ? "it answered nothing" : $"it answered something else: {body.Error.Message}");
        }

        if (string.IsNullOrEmpty(body.Value.IotHubHostName) || rules.Find(body.Value.IotHubHostName, candidates) is not { } hub)
        {
            return ProvisioningErrors.CustomAllocationIotHubNotSpecified;
        }

        return FaultOf(body.Value) is { } fault ? Failed(fault) : new Allocated(hub, body.Value.InitialTwin, body.Value.Payload);
    }

    private string? FaultOf(AllocationAnswer answer) =>
        answer.Payload is { } payload && JsonBody.TextOf(payload) is null ? $"its payload {JsonBody.Unsound}"
        : answer.InitialTwin is not { } twin ? null
        : JsonBody.TextOf(twin) is not { } text ? $"its initialTwin {JsonBody.Unsound}"
        : registrar.CheckTwin(text) is { } wrong ? $"its initialTwin cannot be used: {wrong.Message}"
        : null;

    private static AllocationQuestion Question(DeviceProof proof, AttestationVerdict.Accepted accepted, JsonNode? payload, RegistrationRow? before, IReadOnlyList<LinkedHub> candidates)
    {
        var enrollment = accepted.Enrollment;
        var isGroup = enrollment.Key.Kind == EnrollmentKind.Group;
        var shown = EnrollmentViews.Show(enrollment, null, AllocationPolicies.Custom);
        var stored = enrollment.ReadProof();
        return new AllocationQuestion
        {
            IndividualEnrollment = isGroup ? null : shown,
            EnrollmentGroup = isGroup ? shown : null,
            LinkedHubs = [.. candidates.Select(hub => hub.HostName)],
            DeviceRuntimeContext = new AllocationContext
            {
                RegistrationId = proof.RegistrationId,
                CurrentIotHubHostName = before is { HostName.Length: > 0 } ? before.HostName : null,
                CurrentDeviceId = before is { DeviceId.Length: > 0 } ? before.DeviceId : null,
                X509 = enrollment.Type == AttestationType.X509 && proof.Certificate is { } certificate
                    ? new ContextCertificate(new CertificateDocument(Convert.ToBase64String(certificate.Leaf.RawDataMemory.Span), CertificateInfo.Of(certificate.Leaf)))
                    : null,
                SymmetricKey = enrollment.Type == AttestationType.SymmetricKey ? new SymmetricKeyDocument() : null,
                Tpm = accepted.Tpm is { } tpm ? new TpmDocument(stored.EndorsementKey, Convert.ToBase64String(tpm.StorageRootKey.Bytes.Span)) : null,
                Payload = payload,
            },
        };
    }

    private static HubError Failed(string why) => ProvisioningErrors.CustomAllocationFailed.With($"The webhook failed: {why}.");
}

/// <param name="Hub">What was chosen.</param>
/// <param name="Twin">In place of the enrollment's; null for that.</param>
/// <param name="Payload">For the device; null for nothing.</param>
internal sealed record Allocated(LinkedHub Hub, JsonObject? Twin = null, JsonNode? Payload = null);
