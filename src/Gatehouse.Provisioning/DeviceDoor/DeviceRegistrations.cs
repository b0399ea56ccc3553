using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.X509;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Limits;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Provisioning.UseTracking;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.DeviceDoor;

/// <summary>The device API without its transports: judges who asks, then registers it, polls or looks up. Refusals look alike from outside, whatever the reason.</summary>
internal sealed class DeviceRegistrations(ProvisioningDirectory directory, Attestor attestor, Registrations.Registrations registrations, BootStates boots, RateLimits limits, ProvisioningUses uses, IRefusalLog refusals, ProvisioningMetrics metrics, ILogger<DeviceRegistrations> log)
{
    private static readonly HubError BadCertificate = ProvisioningErrors.Unauthorized.With("Invalid certificate");

    /// <summary>Why a certificate that was asked for is not issued.</summary>
    private static readonly HubError[] RequestFaults = [ProvisioningErrors.ArgumentInvalid, ProvisioningErrors.CertificateRequestRefused, ProvisioningErrors.CertificateIssuerEnded];

    /// <param name="target">What is asked for.</param>
    /// <param name="caller">How, and with what proof.</param>
    /// <param name="readBody">Reads what came with it, null for nothing, told whether the proof is good. It is read before only where the keys of a TPM may be in it.</param>
    /// <param name="cancellationToken">Ends what has not begun.</param>
    internal async Task<Result<DeviceAnswer>> RunAsync(RegistrationTarget target, DeviceCaller caller, Func<bool, Task<Result<RegistrationBody?>>> readBody, CancellationToken cancellationToken)
    {
        Result<RegistrationBody?>? read = null;
        var judged = await JudgeAsync(target, caller, Stage.Head, cancellationToken);
        if (judged is { IsOk: true, Value.WantsBody: true })
        {
            read = await readBody(judged.Value.IsProved);
            caller = read.Value is { IsOk: true, Value.Tpm: { } tpm } ? caller with { Tpm = tpm } : caller;
            judged = await JudgeAsync(target, caller, Stage.Whole, cancellationToken);
        }

        if (!judged.IsOk)
        {
            return judged.Error;
        }

        if (read is not { } body)
        {
            var reading = readBody(true);
            var isSlow = !reading.IsCompleted;
            body = await reading;
            if (isSlow && target.Row != Operations.RegisterDevice && (judged = await JudgeAsync(target, caller, Stage.Whole, cancellationToken)) is { IsOk: false })
            {
                // While it came its enrollment may have changed. Who registers is judged again when its turn has come.
                return judged.Error;
            }
        }

        return !body.IsOk ? body.Error
            : CheckBody(target, body.Value) is { } refused ? refused
            : judged.Value.Challenge is { } challenge ? new DeviceAnswer(null, null) { Challenge = challenge }
            : limits.Take(judged.Value.Proof.Instance.Name, target.RegistrationId, target.Row.Throttle) is { } tooMany ? tooMany
            : await RunAsync(target, caller, judged.Value, body.Value, cancellationToken);
    }

    /// <summary>Registers, and gives the outcome at once: for who asks once only.</summary>
    internal async Task<Result<RegistrationDocument>> RunToTheEndAsync(RegistrationTarget target, DeviceCaller caller, Func<bool, Task<Result<RegistrationBody?>>> readBody, CancellationToken cancellationToken)
    {
        var begun = await RunAsync(target, caller, readBody, cancellationToken);
        if (!begun.IsOk)
        {
            return begun.Error;
        }

        if (begun.Value.Operation is not { } operation || directory.FindByScope(target.IdScope) is not { } instance)
        {
            return ProvisioningErrors.Unauthorized;
        }

        var outcome = await registrations.GetOperationAsync(new DeviceProof(instance, target.RegistrationId, null, null), operation.OperationId, cancellationToken);
        return outcome.IsOk ? outcome.Value.RegistrationState! : outcome.Error;
    }

    /// <summary>The same for doors that have no place of their own for what goes wrong: a failure is logged, and answered with ServerError.</summary>
    internal async Task<Result<DeviceAnswer>> RunSafelyAsync(RegistrationTarget target, DeviceCaller caller, Func<bool, Task<Result<RegistrationBody?>>> readBody, CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(target, caller, readBody, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ProvisioningErrors.ServerError;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            log.DeviceRequestFailed(target.Row.Name, caller.Protocol, error);
            return ProvisioningErrors.ServerError;
        }
    }

    /// <summary>Whether a connection may begin: null when its proof is good, else what its TPM is to open first. What the proof is refused with, ServerError.</summary>
    internal async Task<Result<ReadOnlyMemory<byte>?>> AdmitAsync(RegistrationTarget target, DeviceCaller caller, CancellationToken cancellationToken)
    {
        try
        {
            var judged = await JudgeAsync(target, caller, Stage.Whole, cancellationToken);
            return !judged.IsOk ? judged.Error : judged.Value.Challenge is { } challenge ? (ReadOnlyMemory<byte>?)challenge.Blob : default(ReadOnlyMemory<byte>?);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Its peer is gone: nothing failed, and who has proved nothing fills no log.
            return ProvisioningErrors.ServerError;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            log.DeviceRequestFailed("Connect", caller.Protocol, error);
            return ProvisioningErrors.ServerError;
        }
    }

    private async Task<Result<Judged>> JudgeAsync(RegistrationTarget target, DeviceCaller caller, Stage stage, CancellationToken cancellationToken)
    {
        if (!EnrollmentKey.IsValid(target.RegistrationId))
        {
            return ProvisioningErrors.ArgumentInvalid.With($"The registration id must have {EnrollmentKey.Rule}.");
        }

        if (directory.FindByScope(target.IdScope) is not { } instance)
        {
            attestor.CountStranger(caller.RemoteAddress);
            return Refuse(null, target, caller, new AttestationVerdict.Refused(RefusalReason.UnknownHub, $"No provisioning service has the id scope '{target.IdScope}'."));
        }

        var proof = new DeviceProof(instance, target.RegistrationId, caller.Token, caller.Certificate)
        {
            RemoteAddress = caller.RemoteAddress,
            Tpm = caller.Tpm,
            HasBody = stage != Stage.Head,
            IsRegistering = target.Row == Operations.RegisterDevice,
            IsInTurn = stage == Stage.InTurn,
            CanQuote = caller.Protocol == "https",
        };
        switch (await attestor.JudgeAsync(proof, cancellationToken))
        {
            case AttestationVerdict.Accepted { Boot: { } boot } measured when stage == Stage.InTurn:
                uses.Used(proof, measured, caller.Client);
                return await boots.ClaimAsync(proof, boot) is { } claimed ? new Judged(proof, measured with { Boot = claimed }, null, WantsBody: false) : Refuse(instance, target, caller, BootStates.Used(proof));
            case AttestationVerdict.Accepted accepted:
                caller.Accepted();
                uses.Used(proof, accepted, caller.Client);
                return new Judged(proof, accepted, null, WantsBody: false);
            case AttestationVerdict.Challenged challenged:
                return new Judged(proof, null, challenged, WantsBody: false);
            case AttestationVerdict.Undecided undecided:
                if (undecided.IsProved)
                {
                    caller.Accepted();
                }

                return new Judged(proof, null, null, WantsBody: true) { IsProved = undecided.IsProved };
            case AttestationVerdict.Refused { Changed: { } changed } refused:
                await boots.QuarantineAsync(proof, changed);
                return Refuse(instance, target, caller, refused);
            case AttestationVerdict.Refused { DisabledBy: not null } disabled:
                await registrations.MarkDisabledAsync(proof, stage == Stage.InTurn, cancellationToken);
                return Refuse(instance, target, caller, disabled);
            case var verdict:
                return Refuse(instance, target, caller, (AttestationVerdict.Refused)verdict);
        }
    }

    private async Task<Result<DeviceAnswer>> RunAsync(RegistrationTarget target, DeviceCaller caller, Judged judged, RegistrationBody? body, CancellationToken cancellationToken)
    {
        var proof = judged.Proof;
        var wish = ReadWish(target, body);
        if (!wish.IsOk)
        {
            return RefuseRequest(proof, caller, wish.Error);
        }

        if (target.Row == Operations.GetDeviceRegistration)
        {
            var found = await registrations.GetAsync(proof, cancellationToken);
            return found.IsOk ? new DeviceAnswer(null, found.Value) : found.Error;
        }

        var operation = target.Row == Operations.RegisterDevice
            ? await registrations.RegisterAsync(proof, wish.Value, () => JudgeAgainAsync(target, caller), cancellationToken)
            : await registrations.GetOperationAsync(proof, target.OperationId, cancellationToken);
        return operation.IsOk ? new DeviceAnswer(operation.Value, null)
            : wish.Value.Request is not null && Array.Exists(RequestFaults, fault => fault.Code == operation.Error.Code) ? RefuseRequest(proof, caller, operation.Error)
            : operation.Error;
    }

    private async Task<Result<AttestationVerdict.Accepted>> JudgeAgainAsync(RegistrationTarget target, DeviceCaller caller)
    {
        var judged = await JudgeAsync(target, caller, Stage.InTurn, CancellationToken.None);
        return !judged.IsOk ? judged.Error : judged.Value.Accepted is { } accepted ? accepted : ProvisioningErrors.Unauthorized;
    }

    // The id in the path is the one that counts; a body may repeat it, and may not name another.
    private static HubError? CheckBody(RegistrationTarget target, RegistrationBody? body) =>
        body?.RegistrationId is { } named && !named.Equals(target.RegistrationId, StringComparison.OrdinalIgnoreCase) ? ProvisioningErrors.ArgumentInvalid.With("The registrationId of the body is not that of the request.")
        : body?.Payload is { } payload && JsonBody.TextOf(payload) is null ? ProvisioningErrors.ArgumentInvalid.With($"The payload {JsonBody.Unsound}.")
        : null;

    // Of who has proved itself only. What else is wrong with it depends on the enrollment, and shows when its turn has come.
    private static Result<RegistrationWish> ReadWish(RegistrationTarget target, RegistrationBody? body)
    {
        if (body?.Csr is not { } text)
        {
            return new RegistrationWish(body?.Payload, null);
        }

        return target.Row != Operations.RegisterDevice ? Unreadable("it goes with a registration, not with a look-up")
            : CertificateSigningRequest.TryReadBase64(text, out var request, out var fault) ? new RegistrationWish(body.Payload, request)
            : Unreadable(fault);

        static HubError Unreadable(string fault) => ProvisioningErrors.ArgumentInvalid.With($"The csr cannot be used: {fault}.");
    }

    // The device is told what is wrong: its proof was good.
    private HubError RefuseRequest(DeviceProof proof, DeviceCaller caller, HubError error)
    {
        metrics.Refused(nameof(RefusalReason.CertificateRequestRefused));
        refusals.Report(new Refusal
        {
            Hub = proof.Instance.Name.Value,
            Claimed = proof.RegistrationId,
            Reason = RefusalReason.CertificateRequestRefused,
            Error = error,
            Detail = error.Message,
            Protocol = caller.Protocol,
            RemoteAddress = caller.RemoteAddress?.ToString(),
        });
        return error;
    }

    private HubError Refuse(ProvisioningInstance? instance, RegistrationTarget target, DeviceCaller caller, AttestationVerdict.Refused verdict)
    {
        var error = verdict.Error ?? (verdict.IsOfCertificate ? BadCertificate : ProvisioningErrors.Unauthorized);
        metrics.Refused(verdict.Reason.ToString());
        refusals.Report(new Refusal
        {
            // Who mistyped the id scope is looked for at the service that it will have meant.
            Hub = (instance ?? (directory.All is [var only] ? only : null))?.Name.Value,
            Claimed = target.RegistrationId,
            Reason = verdict.Reason,
            Error = error,
            Detail = verdict.Detail,
            Protocol = caller.Protocol,
            RemoteAddress = caller.RemoteAddress?.ToString(),
        });
        return error;
    }

    /// <summary>When a proof is judged.</summary>
    private enum Stage
    {
        /// <summary>Before the body is read.</summary>
        Head,

        /// <summary>All that came with it is known.</summary>
        Whole,

        /// <summary>Once more, when its turn has come.</summary>
        InTurn,
    }

    private sealed record Judged(DeviceProof Proof, AttestationVerdict.Accepted? Accepted, AttestationVerdict.Challenged? Challenge, bool WantsBody)
    {
        /// <summary>Whether the body that is wanted is that of a device that has proved itself.</summary>
        internal bool IsProved { get; init; }
    }
}
