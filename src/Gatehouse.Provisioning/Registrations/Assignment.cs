using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.LinkedHubs;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.Registrations;

/// <summary>Gives an attested device its hub: chooses it, creates or updates the device there, and takes it from the hub that it had before.</summary>
/// <remarks>
/// Source: Device Provisioning Service "Reprovisioning" page. Each step may be repeated: a registration that was cut short leaves a device at worst in its new hub without
/// a record, and the next attempt finds it there.
/// </remarks>
internal sealed class Assignment(Database database, LinkedHubRegistrar registrar, LeftDevices left, AllocationRules allocations, CustomAllocation custom, DeviceCredentials credentials, ILogger<Assignment> log)
{
    /// <summary>The place that it got. NoLinkedHub, DeviceIdTaken, LinkedHubRefused; LinkedHubUnavailable and TooManyRequests when the same may go well later, and what the allocation says.</summary>
    internal async Task<Result<Place>> MakeAsync(DeviceProof proof, AttestationVerdict.Accepted accepted, JsonNode? payload, IReadOnlyList<LinkedHub> linked, RegistrationRow? before, CancellationToken cancellationToken)
    {
        var settings = accepted.Enrollment.ReadSettings();
        var policy = settings.ReprovisionPolicy ?? new ReprovisionPolicyDocument();
        var had = await HadAsync(proof, before, linked, cancellationToken);
        var named = settings.IotHubs?.Select(name => allocations.Find(name, linked)).OfType<LinkedHub>().ToList();
        var allocated = had is not null && !policy.UpdateHubAssignment ? new Allocated(had)
            : settings.AllocationPolicy == AllocationPolicies.Custom ? await custom.AskAsync(proof, accepted, payload, had is null ? null : before, HubChoice.Candidates(named, linked), cancellationToken)
            : HubChoice.Make(settings.AllocationPolicy ?? proof.Instance.AllocationPolicy, named, linked, proof.RegistrationId.ToLowerInvariant()) is { } chosen ? new Allocated(chosen)
            : ProvisioningErrors.NoLinkedHub;
        if (!allocated.IsOk)
        {
            return allocated.Error;
        }

        var device = DeviceId.Parse(settings.DeviceId ?? (had is null ? proof.RegistrationId : before!.DeviceId));
        var move = new Move(had, allocated.Value.Hub, before, device, policy);
        if (await FindOwnerAsync(proof, move, cancellationToken) is { } owner)
        {
            // Not for the device to know.
            log.DeviceIdTaken(device.Value, proof.RegistrationId, owner);
            return ProvisioningErrors.DeviceIdTaken.With($"The device '{device}' belongs to another registration.");
        }

        var placed = await RegisterAsync(proof, accepted, allocated.Value.Twin ?? settings.InitialTwin, allocated.Value.Twin is not null, move, cancellationToken);
        return placed.IsOk ? placed.Value with { Payload = allocated.Value.Payload } : placed.Error;
    }

    private async Task<Result<Place>> RegisterAsync(DeviceProof proof, AttestationVerdict.Accepted accepted, JsonObject? initialTwin, bool isGiven, Move move, CancellationToken cancellationToken)
    {
        var service = proof.Instance.Name;
        var actor = $"registration:{proof.RegistrationId}";
        var read = await TwinAsync(service, initialTwin, isGiven, move, cancellationToken);
        if (!read.IsOk)
        {
            return Failed($"The twin of the device could not be read in the hub '{move.From!.HostName}' that it had", read.Error);
        }

        await left.ForgetAsync(service, move.To, move.Device, cancellationToken);
        var device = credentials.Describe(move.Device, proof.RegistrationId, accepted, read.Value.Twin, read.Value.Resets);
        var registered = await registrar.RegisterAsync(service, move.To, actor, device, isFirst: move.From is null, cancellationToken);
        if (!registered.IsOk)
        {
            return Failed($"The linked hub '{move.To.HostName}' did not take the device", registered.Error);
        }

        var place = new Place(move.To.HostName, move.Device.Value, move.Substatus);
        if (!move.IsLeaving || !DeviceId.TryParse(move.Before!.DeviceId, out var old))
        {
            return place;
        }

        var removed = await registrar.RemoveAsync(service, move.From!, actor, old, cancellationToken);
        return removed.IsOk ? place
            : move.From!.Hub is not null ? Failed($"The device could not be taken from the hub '{move.From.HostName}' that it had", removed.Error)

            // It has its new hub; the old one may be away for long. What is left there is removed later.
            : place with { Left = new LeftDevice { Service = service.Value, HostName = move.From.HostName, DeviceId = old.Value, Registration = proof.RegistrationId, Problem = removed.Error.Message } };
    }

    // What may go well later keeps its number: the device is told to come again.
    private static HubError Failed(string what, HubError error) => error == ProvisioningErrors.TooManyRequests ? error : error.With($"{what}: {error.Message}.");

    private async Task<Result<(ReadOnlyMemory<byte> Twin, bool Resets)>> TwinAsync(HubName service, JsonObject? initialTwin, bool isGiven, Move move, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> initial = initialTwin is { } twin ? Encoding.UTF8.GetBytes(twin.ToJsonString()) : default;
        if (move.From is null)
        {
            return (initial, false);
        }

        if (!move.Policy.UpdateHubAssignment || (move.Policy.MigrateDeviceData && !move.IsLeaving))
        {
            return (initial, false);
        }

        // A twin that the webhook of the enrollment gave goes before the one that the device had.
        if (isGiven || !move.Policy.MigrateDeviceData || !DeviceId.TryParse(move.Before!.DeviceId, out var old))
        {
            return (initial, true);
        }

        // Gone from the hub that it had: a move that was cut short before its record took it away, and the twin has arrived already.
        var read = await registrar.ReadTwinAsync(service, move.From, old, cancellationToken);
        return !read.IsOk ? read.Error : read.Value is { } twinOfOld ? (twinOfOld, true) : (initial, false);
    }

    /// <summary>The hub that the record names. None when another registration has taken the device meanwhile: it is that one's, and neither read nor removed here.</summary>
    private async Task<LinkedHub?> HadAsync(DeviceProof proof, RegistrationRow? before, IReadOnlyList<LinkedHub> linked, CancellationToken cancellationToken)
    {
        if (before is not { HostName.Length: > 0 })
        {
            return null;
        }

        var other = await database.ReadAsync((connection, token) => RegistrationRows.FindOtherAsync(connection, proof.Instance.Name, before.HostName, before.DeviceId, before.Id, token), cancellationToken);
        return other is null ? allocations.Find(before.HostName, linked) : null;
    }

    /// <summary>
    /// Another registration that has this device, as long as the enrollment it came by is there; one whose enrollment is gone has no claim any more.
    /// Who does not have it yet leaves it to the individual enrollment that names it.
    /// </summary>
    private Task<string?> FindOwnerAsync(DeviceProof proof, Move move, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            var id = proof.RegistrationId.ToLowerInvariant();
            if (await RegistrationRows.FindOwnerAsync(connection, proof.Instance.Name, move.To.HostName, move.Device.Value, id, token) is { } owner)
            {
                return owner;
            }

            var hasIt = move.Before is { } before && before.HostName == move.To.HostName && before.DeviceId == move.Device.Value;
            var claimed = hasIt ? null : await EnrollmentRows.FindDeviceClaimAsync(connection, proof.Instance.Name, move.Device.Value, token);
            return claimed == id ? null : claimed;
        },
        cancellationToken);

    /// <param name="From">Hub that it has; null at first.</param>
    /// <param name="To">Hub that it gets.</param>
    /// <param name="Before">Its record; null at first.</param>
    /// <param name="Device">Who it will be.</param>
    /// <param name="Policy">What becomes of its twin.</param>
    private sealed record Move(LinkedHub? From, LinkedHub To, RegistrationRow? Before, DeviceId Device, ReprovisionPolicyDocument Policy)
    {
        /// <summary>Whether it was another device, or in another hub, before.</summary>
        internal bool IsLeaving => From is not null && (From.HostName != To.HostName || Before!.DeviceId != Device.Value);

        internal RegistrationSubstatus Substatus =>
            From is null ? RegistrationSubstatus.InitialAssignment
            : Policy is { UpdateHubAssignment: true, MigrateDeviceData: false } ? RegistrationSubstatus.DeviceDataReset
            : IsLeaving ? RegistrationSubstatus.DeviceDataMigrated
            : (RegistrationSubstatus)Before!.Substatus;
    }
}

/// <summary>Where a device was put.</summary>
internal sealed record Place(string HostName, string DeviceId, RegistrationSubstatus Substatus)
{
    /// <summary>What the webhook of its enrollment has for the device; null for nothing.</summary>
    internal JsonNode? Payload { get; init; }

    /// <summary>What could not be taken from the hub that it had; null for nothing.</summary>
    internal LeftDevice? Left { get; init; }
}
