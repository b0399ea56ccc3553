using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.X509;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Provisioning.LinkedHubs;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Registrations;

/// <summary>Registers devices that have attested, and tells them what became of it.</summary>
internal sealed class Registrations(Database database, KnownGroups known, Assignment assignment, LeftDevices left, RegistrationQueue queue, DeviceTurns turns, BootStates boots, CertificateIssuer issuer, ProvisioningMetrics metrics, TimeProvider time)
{
    /// <summary>
    /// Assigns the device and keeps the record, a failed assignment's too. TooManyRequests; what <see cref="CertificateIssuer"/> says of a request for a certificate, and then nothing is changed.
    /// The device learns the outcome when it asks for its operation.
    /// </summary>
    /// <param name="proof">Who registers.</param>
    /// <param name="wish">What it sent.</param>
    /// <param name="judgeAgain">Judges it once more, when its turn has come: while its body came and it waited, its enrollment may have been changed, disabled or deleted, or its nonce used.</param>
    /// <param name="cancellationToken">Ends the wait for its turn; what has begun is finished.</param>
    internal Task<Result<OperationDocument>> RegisterAsync(DeviceProof proof, RegistrationWish wish, Func<Task<Result<AttestationVerdict.Accepted>>> judgeAgain, CancellationToken cancellationToken) => queue.RunAsync<OperationDocument>(
        proof.Instance.Name,
        proof.RegistrationId.ToLowerInvariant(),
        async _ =>
        {
            var judged = await judgeAgain();
            if (!judged.IsOk)
            {
                return judged.Error;
            }

            var equipped = await EquipAsync(proof, judged.Value, wish.Request);
            if (!equipped.IsOk)
            {
                return equipped.Error;
            }

            var assigned = await AssignAsync(proof, equipped.Value, wish.Payload);
            if (!assigned.IsOk)
            {
                return assigned.Error;
            }

            var row = assigned.Value;
            metrics.Registered(row.State, judged.Value.Enrollment.Type);
            if (row.State == RegistrationStatus.Assigned && equipped.Value.Certificate is { } issued)
            {
                metrics.Issued(issued.Row.KeyType);
            }

            return new OperationDocument(row.OperationId, RegistrationWords.Of(RegistrationStatus.Assigning));
        },
        cancellationToken);

    /// <summary>What became of an operation of this device. RegistrationNotFound for one that it has not begun, or that a newer one has replaced.</summary>
    internal async Task<Result<OperationDocument>> GetOperationAsync(DeviceProof proof, string operationId, CancellationToken cancellationToken)
    {
        var row = await FindAsync(proof, cancellationToken);
        return row is null || !string.Equals(row.OperationId, operationId, StringComparison.OrdinalIgnoreCase)
            ? ProvisioningErrors.RegistrationNotFound
            : new OperationDocument(row.OperationId, RegistrationWords.Of(row.State), RegistrationDocument.ForDevice(row));
    }

    /// <summary>The newest registration of this device. RegistrationNotFound.</summary>
    internal async Task<Result<RegistrationDocument>> GetAsync(DeviceProof proof, CancellationToken cancellationToken) =>
        await FindAsync(proof, cancellationToken) is { } row ? RegistrationDocument.ForDevice(row) : ProvisioningErrors.RegistrationNotFound;

    /// <summary>A device that is known and blocked asked again: its record says so from now on.</summary>
    /// <param name="proof">Who asked.</param>
    /// <param name="isInTurn">Whether it is its turn already. Else it waits for it, and where others of the same device were before it, the next request says so.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task MarkDisabledAsync(DeviceProof proof, bool isInTurn, CancellationToken cancellationToken)
    {
        if (isInTurn)
        {
            await DisableAsync(proof);
        }
        else if (await FindAsync(proof, cancellationToken) is { State: not RegistrationStatus.Disabled })
        {
            await queue.RunAsync<bool>(
                proof.Instance.Name,
                proof.RegistrationId.ToLowerInvariant(),
                async hasWaited =>
                {
                    if (!hasWaited)
                    {
                        await DisableAsync(proof);
                    }

                    return true;
                },
                cancellationToken);
        }
    }

    private async Task DisableAsync(DeviceProof proof)
    {
        if (await FindAsync(proof, CancellationToken.None) is { State: not RegistrationStatus.Disabled } row)
        {
            await SaveAsync(row with { Status = (long)RegistrationStatus.Disabled, Etag = EntityTag.New(), Changed = time.GetUtcNow().UtcTicks }, row, proof, "disable", CancellationToken.None);
        }
    }

    /// <summary>With the credential for its hub that is made anew each time: the certificate that it asks for, else a key for its TPM.</summary>
    private async Task<Result<AttestationVerdict.Accepted>> EquipAsync(DeviceProof proof, AttestationVerdict.Accepted accepted, CertificateSigningRequest? request)
    {
        if (request is null)
        {
            return accepted with { Credential = accepted.Tpm is { } tpm ? TpmCredential.Make(tpm) : null };
        }

        var issued = await issuer.IssueAsync(proof.Instance.Name, proof.RegistrationId, accepted.Enrollment, request, CancellationToken.None);
        return issued.IsOk ? accepted with { Certificate = issued.Value } : issued.Error;
    }

    private Task<Result<RegistrationRow>> AssignAsync(DeviceProof proof, AttestationVerdict.Accepted accepted, JsonNode? payload) => turns.RunAsync(
        proof.Instance.Name,
        [accepted.Enrollment.ReadSettings().DeviceId ?? proof.RegistrationId, accepted.Before?.DeviceId ?? ""],
        () => AssignInTurnAsync(proof, accepted, payload));

    // What is done is finished: a device that does not wait for its answer finds the outcome when it asks again.
    private async Task<Result<RegistrationRow>> AssignInTurnAsync(DeviceProof proof, AttestationVerdict.Accepted accepted, JsonNode? payload)
    {
        var before = await FindAsync(proof, CancellationToken.None);
        var groups = await known.FindAsync(proof.Instance.Name, CancellationToken.None);
        var made = await assignment.MakeAsync(proof, accepted, payload, groups.Linked, before, CancellationToken.None);
        if (!made.IsOk && made.Error.IsTransient)
        {
            // The device asks again. Its record says why once, and keeps everything else: so does the nonce of a TPM.
            return made.Error.Code == ProvisioningErrors.LinkedHubUnavailable.Code ? await PutOffAsync(proof, accepted, before, made.Error) : made.Error;
        }

        var evidence = EvidenceOf(accepted) with
        {
            Payload = made.IsOk ? made.Value.Payload : null,
            IssuedCertificateChain = made.IsOk ? accepted.Certificate?.Chain : null,
            Origin = !made.IsOk ? before?.ReadEvidence().Origin : accepted is { Certificate: null, Enrollment.Type: AttestationType.SymmetricKey } ? Sealings.Of(accepted.Enrollment) with { Spelling = proof.RegistrationId == (before?.Name ?? proof.RegistrationId) ? null : proof.RegistrationId } : null,
        };
        var row = Describe(proof, evidence, accepted, before);
        row = made.IsOk
            ? row with { Status = (long)RegistrationStatus.Assigned, Substatus = (long)made.Value.Substatus, HostName = made.Value.HostName, DeviceId = made.Value.DeviceId }
            : row with { Status = (long)RegistrationStatus.Failed, ErrorCode = made.Error.Code, ErrorMessage = made.Error.Message };
        var saved = await SaveAsync(row, before, proof, made.IsOk ? "assign" : "fail", CancellationToken.None, accepted, made.IsOk ? made.Value.Left : null);
        if (!saved.IsOk)
        {
            return saved.Error;
        }

        if (row.BootRound.Length > 0)
        {
            await boots.ApplyAsync(proof.Instance.Name, row.Id, CancellationToken.None);
        }

        return row;
    }

    // What the hub or the way to it had to say is for the operator.
    private async Task<HubError> PutOffAsync(DeviceProof proof, AttestationVerdict.Accepted accepted, RegistrationRow? before, HubError error)
    {
        var told = ProvisioningErrors.LinkedHubUnavailable;
        if (before is not { State: RegistrationStatus.Failed } || before.ErrorCode != told.Code)
        {
            var row = Describe(proof, before?.ReadEvidence() ?? new Evidence(), accepted, before) with
            {
                OperationId = before?.OperationId ?? "",
                Status = (long)RegistrationStatus.Failed,
                ErrorCode = told.Code,
                ErrorMessage = told.Message,
            };
            await SaveAsync(row, before, proof, "fail", CancellationToken.None, why: error.Message);
        }

        return told;
    }

    private RegistrationRow Describe(DeviceProof proof, Evidence evidence, AttestationVerdict.Accepted accepted, RegistrationRow? before)
    {
        var now = time.GetUtcNow().UtcTicks;
        return (before ?? new RegistrationRow { Service = proof.Instance.Name.Value, Id = proof.RegistrationId.ToLowerInvariant(), Name = proof.RegistrationId, Created = now }) with
        {
            EnrollmentKind = (long)accepted.Enrollment.Key.Kind,
            EnrollmentId = accepted.Enrollment.Id,
            OperationId = $"4.{RandomNumberGenerator.GetHexString(16, lowercase: true)}.{Guid.NewGuid()}",
            ErrorCode = 0,
            ErrorMessage = "",
            Etag = EntityTag.New(),
            Evidence = JsonSerializer.Serialize(evidence, ProvisioningJson.Own.Evidence),
            Changed = now,
        };
    }

    private static Evidence EvidenceOf(AttestationVerdict.Accepted accepted) =>
        accepted.Evidence.Tpm is { } tpm ? accepted.Evidence with { Tpm = tpm with { AuthenticationKey = accepted.Credential?.Blob } } : accepted.Evidence;

    private Task<RegistrationRow?> FindAsync(DeviceProof proof, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => RegistrationRows.FindAsync(connection, proof.Instance.Name, proof.RegistrationId.ToLowerInvariant(), token), cancellationToken);

    // Two nodes may have worked on one registration, with one nonce of a TPM too: the record of the first stands, and the second device comes again.
    private Task<Result<bool>> SaveAsync(RegistrationRow row, RegistrationRow? before, DeviceProof proof, string verb, CancellationToken cancellationToken, AttestationVerdict.Accepted? accepted = null, LeftDevice? leftDevice = null, string? why = null) => database.WriteAsync<bool>(
        async (transaction, token) =>
        {
            if (!await RegistrationRows.SaveAsync(transaction, row, before?.Etag, token))
            {
                return ProvisioningErrors.TooManyRequests;
            }

            if (accepted?.Tpm is { } tpm)
            {
                await LearnedKeys.LearnAsync(transaction, accepted.Enrollment, tpm, accepted.Boot, token);
            }

            transaction.Audit(Record(row, proof.Instance, verb, accepted?.Evidence, why));
            if (accepted is not null && row.State == RegistrationStatus.Assigned)
            {
                await issuer.RecordAsync(transaction, proof.Instance.Name, row.Id, accepted.Certificate, $"registration:{row.Name}", token);
            }

            if (row is { State: RegistrationStatus.Assigned, BootRound.Length: > 0 } && accepted?.Tpm is not null)
            {
                await boots.ReleaseAsync(transaction, row, accepted.Boot, token);
            }

            if (leftDevice is not null)
            {
                await left.KeepAsync(transaction, leftDevice, token);
            }

            var losers = row.State == RegistrationStatus.Assigned ? await RegistrationRows.UnassignOthersAsync(transaction, row, EntityTag.New(), token) : [];
            foreach (var loser in losers)
            {
                transaction.Audit(new AuditRecord { Hub = row.Service, Actor = $"registration:{row.Name}", Action = "registration.unassign", Subject = loser });
            }

            return true;
        },
        cancellationToken);

    private static AuditRecord Record(RegistrationRow row, ProvisioningInstance instance, string verb, Evidence? evidence, string? why)
    {
        var detail = new JsonObject { ["enrollment"] = row.EnrollmentId, ["kind"] = row.Enrollment.Kind == EnrollmentKind.Group ? "group" : "individual" };
        if (evidence?.ProvedBy is { } proof)
        {
            detail["credential"] = proof.Credential;
        }

        if (evidence?.X509 is { } certificate)
        {
            detail["thumbprint"] = certificate.CertificateInfo.Sha256Thumbprint;
        }

        if (row.HostName.Length > 0)
        {
            detail["hub"] = row.HostName;
            detail["device"] = row.DeviceId;
        }

        if (row.ErrorCode != 0)
        {
            detail["error"] = why ?? row.ErrorMessage;
        }

        return new AuditRecord { Hub = instance.Name.Value, Actor = $"registration:{row.Name}", Action = $"registration.{verb}", Subject = row.Name, Detail = detail.ToJsonString() };
    }
}

/// <summary>What a device asks for when it registers.</summary>
/// <param name="Payload">For the webhook of its enrollment; null for nothing.</param>
/// <param name="Request">The certificate that it wants; null for none.</param>
internal sealed record RegistrationWish(JsonNode? Payload, CertificateSigningRequest? Request);
