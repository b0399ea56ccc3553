using System.Runtime.CompilerServices;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub.Queries;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>Turns a choice into members, some hundreds at a time: who can have new keys, which of the two comes first, and why the others are left out.</summary>
internal sealed class FleetGathering(Database database, TwinSelection selection, UseWriter writer, IEnumerable<IProvisionedKeys> provisioned)
{
    private const int Page = 500;

    /// <param name="plan">For whom.</param>
    /// <param name="choice">Which.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async IAsyncEnumerable<IReadOnlyList<FleetMember>> ReadAsync(RotationRow plan, FleetChoice choice, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        var hub = HubName.Parse(plan.Hub);
        var canaries = choice.Canaries;
        await foreach (var places in PagesAsync(hub, choice, cancellationToken))
        {
            var members = await ReadPageAsync(hub, plan, places, cancellationToken);
            for (var at = 0; at < members.Length; at++)
            {
                if (members[at].IsOpen == 1 && (choice.NamedCanaries.Contains(members[at].Identity) || canaries-- > 0))
                {
                    members[at] = members[at] with { IsCanary = 1 };
                }
            }

            yield return members;
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<(string Device, string Module)>> PagesAsync(HubName hub, FleetChoice choice, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (choice.Query is not { } query)
        {
            foreach (var page in choice.Named!.Chunk(Page))
            {
                yield return [.. page.Select(static each => (each.Device.Value, each.Module?.Value ?? ""))];
            }

            yield break;
        }

        var place = ("", "");
        for (var isEnd = false; !isEnd;)
        {
            var found = await selection.ReadAsync(hub, query, place, Page, cancellationToken);
            (place, isEnd) = (found.Last, found.IsEnd);
            yield return [.. found.Found.Select(static each => (each.DeviceId, each.ModuleId))];
        }
    }

    private async Task<FleetMember[]> ReadPageAsync(HubName hub, RotationRow plan, IReadOnlyList<(string Device, string Module)> places, CancellationToken cancellationToken)
    {
        string[] devices = [.. places.Select(static each => each.Device).Distinct()];
        if (devices.Length == 0)
        {
            return [];
        }

        var known = (await database.ReadAsync((connection, cancel) => FleetRows.ReadCandidatesAsync(connection, database.Dialect, hub, devices, cancel), cancellationToken)).ToDictionary(static each => each.Place);
        var enrollments = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var room in provisioned)
        {
            foreach (var (device, words) in await room.FindAsync(hub, devices, cancellationToken))
            {
                enrollments.TryAdd(device, words);
            }
        }

        return [.. places.Select(place => Make(plan, place, known.GetValueOrDefault(place), place.Module.Length == 0 ? enrollments.GetValueOrDefault(place.Device) : null))];
    }

    private static FleetMember Make(RotationRow plan, (string Device, string Module) place, FleetCandidate? found, string? enrollment)
    {
        var member = new FleetMember { Hub = plan.Hub, PlanId = plan.PlanId, DeviceId = place.Device, ModuleId = place.Module, GenerationId = found?.GenerationId ?? "" };
        if (FindObstacle(place, found, enrollment) is { } why)
        {
            return member.End(FleetStates.LeftOut, why);
        }

        // The key that is not used, or not for longer, as for policies.
        var first = plan.FirstKey.Length > 0 ? plan.FirstKey : found!.PrimaryUsed < found.SecondaryUsed ? CredentialName.PrimaryKey : CredentialName.SecondaryKey;
        var isPrimary = first == CredentialName.PrimaryKey;
        return member with
        {
            FirstKey = first,
            State = FleetStates.Listed,
            IsOpen = 1,
            FirstMark = (isPrimary ? found!.PrimaryMark : found!.SecondaryMark)!,
            LastMark = (isPrimary ? found.SecondaryMark : found.PrimaryMark)!,
            SeenUse = isPrimary ? found.PrimaryUsed : found.SecondaryUsed,
        };
    }

    private static string? FindObstacle((string Device, string Module) place, FleetCandidate? found, string? enrollment) =>
        found is null ? "There is no such device or module."
        : place.Module.StartsWith('$') ? "Its keys are its Edge runtime's affair."
        : found.CredentialKind != (long)CredentialKind.Sas ? found.CredentialKind == (long)CredentialKind.None ? "It has no credentials." : "It comes by certificate, not by a key."
        : string.IsNullOrEmpty(found.PrimaryMark) || string.IsNullOrEmpty(found.SecondaryMark) ? "It has not two keys of its own."
        : enrollment is not null ? $"Its keys come from {enrollment}, and would come from there again when it registers: rotate them there."
        : null;
}
