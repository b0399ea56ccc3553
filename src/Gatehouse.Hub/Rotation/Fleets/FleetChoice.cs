using System.Globalization;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>Which identities a plan is over, and which of them go first.</summary>
internal sealed record FleetChoice
{
    /// <summary>Most identities of one plan.</summary>
    internal const int MaxMembers = 100_000;

    /// <summary>Most that one request names.</summary>
    internal const int MaxNamed = 10_000;

    private const int MaxCanaries = 1_000;
    private const int MaxSubject = 200;

    /// <summary>Null where <see cref="Query"/> says.</summary>
    internal IReadOnlyList<IdentityKey>? Named { get; private init; }

    internal Query? Query { get; private init; }

    /// <summary>How many of the first that are chosen go first, beside those that are named.</summary>
    internal int Canaries { get; private init; }

    internal HashSet<IdentityKey> NamedCanaries { get; private init; } = [];

    /// <summary>In a few words.</summary>
    internal string Subject { get; private init; } = "";

    /// <summary>ArgumentInvalid.</summary>
    internal static Result<FleetChoice> Read(RotationInput input)
    {
        if (input.FirstKey is not (null or CredentialName.PrimaryKey or CredentialName.SecondaryKey))
        {
            return HubErrors.ArgumentInvalid.With("firstKey must be primaryKey or secondaryKey.");
        }

        if (input.Devices is null == input.Query is null)
        {
            return HubErrors.ArgumentInvalid.With("A plan for the keys of devices names them (devices) or says by a query which they are, one of the two.");
        }

        if (input.Canary is < 0 or > MaxCanaries || input.CanaryDevices?.Count > MaxCanaries)
        {
            return HubErrors.ArgumentInvalid.With(string.Create(CultureInfo.InvariantCulture, $"A canary group has at most {MaxCanaries} devices and modules."));
        }

        var canaries = Parse(input.CanaryDevices ?? []);
        if (!canaries.IsOk)
        {
            return canaries.Error;
        }

        var choice = new FleetChoice { Canaries = input.Canary ?? 0, NamedCanaries = [.. canaries.Value] };
        return input.Query is { } condition ? ByQuery(choice, condition) : ByName(choice, input.Devices!);
    }

    private static Result<FleetChoice> ByQuery(FleetChoice choice, string condition)
    {
        var query = JobTargets.Parse(condition);
        return query.IsOk ? choice with { Query = query.Value, Subject = condition.Length <= MaxSubject ? condition : condition[..MaxSubject] + "…" } : query.Error;
    }

    private static Result<FleetChoice> ByName(FleetChoice choice, IReadOnlyList<string> texts)
    {
        if (texts.Count is 0 or > MaxNamed)
        {
            return HubErrors.ArgumentInvalid.With(string.Create(CultureInfo.InvariantCulture, $"devices must name 1–{MaxNamed} devices and modules; for more there is query."));
        }

        var named = Parse(texts);
        return !named.IsOk ? named.Error : choice with
        {
            Named = [.. named.Value.Distinct().OrderBy(static each => each.Device.Value, StringComparer.Ordinal).ThenBy(static each => each.Module?.Value ?? "", StringComparer.Ordinal)],
            Subject = texts.Count == 1 ? texts[0] : string.Create(CultureInfo.InvariantCulture, $"{texts[0]} and {texts.Count - 1} more"),
        };
    }

    private static Result<IReadOnlyList<IdentityKey>> Parse(IReadOnlyList<string> texts)
    {
        var keys = new List<IdentityKey>(texts.Count);
        foreach (var text in texts)
        {
            if (text is null || !IdentityKey.TryParse(text, out var key))
            {
                return HubErrors.ArgumentInvalid.With($"'{Resources.ResourceName.Cut(text ?? "")}' is no device id and no device/module.");
            }

            keys.Add(key);
        }

        return keys;
    }
}
