using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.MeasuredBoot;

/// <summary>
/// What becomes of a device by its quotes. Each change is one transaction with its audit record, and makes another round: nonces of the round before are good no more, so that a quote
/// is judged once, on whatever node, and one from before a request does not answer it. The hub is told afterwards, from what is stored: what is cut short is done by <see cref="BootUpkeep"/>.
/// </summary>
internal sealed class BootStates(Database database, BootHub hub, ProvisioningMetrics metrics, TimeProvider time, ILogger<BootStates> log)
{
    private const int MinWithinSeconds = 10;
    private const int MaxWithinSeconds = 24 * 60 * 60;
    private const int DefaultWithinSeconds = 300;

    private long Now => time.GetUtcNow().UtcTicks;

    internal static AttestationVerdict.Refused Used(DeviceProof proof) =>
        new(RefusalReason.QuoteInvalid, $"The nonce that '{proof.RegistrationId}' quoted has been used meanwhile, or a new quote has been asked for.");

    /// <summary>Uses a good quote up; null when another one was first, or a new one has been asked for.</summary>
    internal async Task<ProvedBoot?> ClaimAsync(DeviceProof proof, ProvedBoot boot)
    {
        var (now, round) = (Now, NewRound());
        var due = boot.Policy.ReattestEverySeconds is { } seconds ? now + TimeSpan.FromSeconds(seconds).Ticks : 0;
        var claimed = await database.WriteAsync<bool>(
            async (transaction, token) =>
            {
                var present = await RegistrationRows.LockAsync(transaction, database.Dialect, proof.Instance.Name.Value, proof.RegistrationId.ToLowerInvariant(), token);
                if ((present?.BootRound ?? "") != boot.Round)
                {
                    return false;
                }

                var row = present ?? New(proof, now);
                var before = row.ReadBoot();
                row = row with
                {
                    BootRound = round,
                    BootState = Text(boot.State with { Reason = before.Reason, Changed = before.Changed }),
                    BootPending = row.BootPending | (row.BootDue == 0 && due == 0 ? 0 : (long)BootWork.Twin),
                    BootDue = due,
                    BootTried = now,
                };
                return await WriteAsync(transaction, row, present is null, token);
            },
            CancellationToken.None);
        return claimed is { IsOk: true, Value: true } ? boot with { Round = round } : null;
    }

    /// <summary>A device that has booted something else: cut off from its hub until it attests with good values.</summary>
    internal async Task QuarantineAsync(DeviceProof proof, ChangedBoot changed)
    {
        var (service, id, isNew) = (proof.Instance.Name, proof.RegistrationId.ToLowerInvariant(), false);
        await database.WriteAsync<bool>(
            async (transaction, token) =>
            {
                var present = await RegistrationRows.LockAsync(transaction, database.Dialect, service.Value, id, token);
                var row = present ?? New(proof, Now);
                isNew = row.BootQuarantined == 0;
                return await QuarantineAsync(transaction, row, present is null, changed.Summary, changed.Registers, token);
            },
            CancellationToken.None);
        if (isNew)
        {
            metrics.Quarantined("changed");
            log.DeviceQuarantined(proof.RegistrationId, changed.Summary);
        }

        await ApplyAsync(service, id, CancellationToken.None);
    }

    /// <summary>No good quote has come by the time that was set. Nothing when one has come meanwhile, another node was first, or the policy is gone.</summary>
    internal async Task QuarantineOverdueAsync(RegistrationRow due, CancellationToken cancellationToken)
    {
        string? reason = null;
        await database.WriteAsync<bool>(
            async (transaction, token) =>
            {
                var row = await RegistrationRows.LockAsync(transaction, database.Dialect, due.Service, due.Id, token);
                if (row is null || row.BootDue == 0 || row.BootDue > Now)
                {
                    return false;
                }

                var enrollment = await EnrollmentRows.FindAsync(transaction.Connection, HubName.Parse(row.Service), row.Enrollment, token, transaction.Transaction);
                if (enrollment?.ReadProof().MeasuredBoot is null || row.BootQuarantined != 0)
                {
                    await BootRows.UpdateAsync(transaction, row with { BootRound = NewRound(), BootDue = 0, BootPending = row.BootPending | (long)BootWork.Twin, BootTried = Now }, token);
                    return true;
                }

                reason = $"no good quote came by {WireTime.Of(row.BootDue)}";
                return await QuarantineAsync(transaction, row, isInsert: false, reason, null, token);
            },
            cancellationToken);
        if (reason is not null)
        {
            metrics.Quarantined("overdue");
            log.DeviceQuarantined(due.Name, reason);
        }

        await ApplyAsync(HubName.Parse(due.Service), due.Id, cancellationToken);
    }

    /// <summary>A registration has given the device its hub back, in the transaction of its record: quarantine ends, unless the boot was judged otherwise meanwhile.</summary>
    /// <param name="transaction">With the record.</param>
    /// <param name="saved">The record.</param>
    /// <param name="boot">What was claimed; null when the enrollment has no policy any more.</param>
    /// <param name="cancellationToken">Ends it before the commit.</param>
    internal async Task ReleaseAsync(WriteTransaction transaction, RegistrationRow saved, ProvedBoot? boot, CancellationToken cancellationToken)
    {
        if (await RegistrationRows.LockAsync(transaction, database.Dialect, saved.Service, saved.Id, cancellationToken) is not { } row)
        {
            return;
        }

        if (boot is not null && row.BootRound != boot.Round)
        {
            if (row.BootQuarantined != 0)
            {
                // It has its hub again by now: the hub is told once more.
                await BootRows.UpdateAsync(transaction, row with { BootPending = row.BootPending | (long)BootWork.Quarantine, Status = (long)RegistrationStatus.Disabled }, cancellationToken);
            }

            return;
        }

        if (row.BootQuarantined == 0 && (boot is not null || row.BootDue == 0))
        {
            return;
        }

        await BootRows.UpdateAsync(
            transaction,
            row with
            {
                BootQuarantined = 0,
                BootState = Text(row.ReadBoot() with { Reason = null, Changed = null }),
                BootDue = boot is null ? 0 : row.BootDue,
                BootPending = (row.BootPending & ~(long)BootWork.Quarantine) | (row.BootDue != 0 ? (long)BootWork.Twin : 0),
            },
            cancellationToken);
        if (row.BootQuarantined != 0)
        {
            transaction.Audit(new AuditRecord
            {
                Hub = row.Service,
                Actor = $"registration:{row.Name}",
                Action = "registration.release",
                Subject = row.Name,
                Detail = new JsonObject { ["since"] = WireTime.Of(row.BootQuarantined), ["because"] = boot is null ? "the enrollment measures the boot no more" : "a good quote" }.ToJsonString(),
            });
            transaction.AfterCommit(() => log.QuarantineEnded(row.Name));
        }
    }

    /// <summary>Makes a device attest again. RegistrationNotFound, ArgumentInvalid.</summary>
    /// <param name="service">Whose registration.</param>
    /// <param name="actor">For the audit record.</param>
    /// <param name="id">Registration id.</param>
    /// <param name="withinSeconds">10–86,400; null for 300. A time that is set already and comes sooner stays.</param>
    /// <param name="cancellationToken">Ends it before the commit.</param>
    internal async Task<Result<RegistrationDocument>> RequestAsync(HubName service, string actor, string id, int? withinSeconds, CancellationToken cancellationToken)
    {
        if (withinSeconds is < MinWithinSeconds or > MaxWithinSeconds)
        {
            return ProvisioningErrors.ArgumentInvalid.With($"withinSeconds must be {MinWithinSeconds} to {MaxWithinSeconds}.");
        }

        var requested = await database.WriteAsync<RegistrationRow>(
            async (transaction, token) =>
            {
                if (await RegistrationRows.LockAsync(transaction, database.Dialect, service.Value, id.ToLowerInvariant(), token) is not { } row)
                {
                    return ProvisioningErrors.RegistrationNotFound;
                }

                var enrollment = await EnrollmentRows.FindAsync(transaction.Connection, service, row.Enrollment, token, transaction.Transaction);
                if (enrollment?.ReadProof().MeasuredBoot is null)
                {
                    return ProvisioningErrors.ArgumentInvalid.With("The enrollment of this registration has no measuredBootPolicy.");
                }

                var due = Now + TimeSpan.FromSeconds(withinSeconds ?? DefaultWithinSeconds).Ticks;
                row = row with
                {
                    BootRound = NewRound(),
                    BootDue = row.BootDue == 0 ? due : Math.Min(due, row.BootDue),
                    BootPending = row.BootPending | (long)BootWork.Twin,
                    BootTried = Now,
                    Etag = EntityTag.New(),
                    Changed = Now,
                };
                await BootRows.UpdateAsync(transaction, row, token);
                transaction.Audit(new AuditRecord
                {
                    Hub = service.Value,
                    Actor = actor,
                    Action = "registration.requestAttestation",
                    Subject = row.Name,
                    Detail = new JsonObject { ["attestBy"] = WireTime.Of(row.BootDue) }.ToJsonString(),
                });
                return row;
            },
            cancellationToken);
        if (!requested.IsOk)
        {
            return requested.Error;
        }

        await ApplyAsync(service, requested.Value.Id, cancellationToken);
        return RegistrationDocument.Of(requested.Value);
    }

    /// <summary>Tells the hub what it has not been told yet. What fails is tried again later.</summary>
    internal async Task ApplyAsync(HubName service, string id, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, token) => RegistrationRows.FindAsync(connection, service, id, token), cancellationToken);
        if (row is { BootPending: not 0 } && await hub.TellAsync(row, cancellationToken))
        {
            await database.WriteAsync<bool>(
                async (transaction, token) =>
                {
                    await BootRows.EndWorkAsync(transaction, row, token);
                    return true;
                },
                cancellationToken);
        }
    }

    private async Task<bool> QuarantineAsync(WriteTransaction transaction, RegistrationRow row, bool isInsert, string reason, IReadOnlyList<ChangedRegister>? changed, CancellationToken cancellationToken)
    {
        var (before, isNew) = (row.ReadBoot(), row.BootQuarantined == 0);
        row = row with
        {
            BootRound = NewRound(),
            BootState = Text(before with { Reason = reason, Changed = changed }),
            BootQuarantined = isNew ? Now : row.BootQuarantined,
            BootPending = row.BootPending | (isNew ? (long)BootWork.Quarantine : 0) | (row.BootDue == 0 ? 0 : (long)BootWork.Twin),
            BootDue = 0,
            BootTried = Now,
            Status = (long)RegistrationStatus.Disabled,
            Etag = EntityTag.New(),
            Changed = Now,
        };
        if (!await WriteAsync(transaction, row, isInsert, cancellationToken))
        {
            return false;
        }

        // A device that comes again and again with the same is told of by the refusal log.
        if (isNew || before.Reason != reason)
        {
            transaction.Audit(new AuditRecord { Hub = row.Service, Actor = $"registration:{row.Name}", Action = "registration.quarantine", Subject = row.Name, Detail = Detail(row, reason, changed) });
        }

        return true;
    }

    private static string Detail(RegistrationRow row, string reason, IReadOnlyList<ChangedRegister>? changed)
    {
        var detail = new JsonObject { ["reason"] = reason };
        if (row.HostName.Length > 0)
        {
            detail["hub"] = row.HostName;
            detail["device"] = row.DeviceId;
        }

        if (changed is not null)
        {
            detail["pcrs"] = new JsonObject(changed.Select(each => KeyValuePair.Create(each.Register, (JsonNode?)new JsonObject { ["wanted"] = each.Wanted, ["is"] = each.Now })));
        }

        return detail.ToJsonString();
    }

    private static async Task<bool> WriteAsync(WriteTransaction transaction, RegistrationRow row, bool isInsert, CancellationToken cancellationToken)
    {
        if (isInsert)
        {
            return await BootRows.InsertAsync(transaction, row, cancellationToken);
        }

        await BootRows.UpdateAsync(transaction, row, cancellationToken);
        return true;
    }

    // A device that was never registered has a record from its first quote on: what became of that is to be seen.
    private static RegistrationRow New(DeviceProof proof, long now) => new()
    {
        Service = proof.Instance.Name.Value,
        Id = proof.RegistrationId.ToLowerInvariant(),
        Name = proof.RegistrationId,
        EnrollmentKind = (long)EnrollmentKind.Individual,
        EnrollmentId = proof.RegistrationId.ToLowerInvariant(),
        Status = (long)RegistrationStatus.Unassigned,
        Etag = EntityTag.New(),
        Created = now,
        Changed = now,
    };

    private static string NewRound() => Guid.NewGuid().ToString("N");

    private static string Text(BootState state) => JsonSerializer.Serialize(state, ProvisioningJson.Own.BootState);
}
