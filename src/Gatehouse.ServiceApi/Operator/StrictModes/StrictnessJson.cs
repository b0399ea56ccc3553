using System.Text.Json.Serialization;
using Gatehouse.Hub.StrictModes;

namespace Gatehouse.ServiceApi.Operator.StrictModes;

/// <summary>What a hub asks of proofs, in answers.</summary>
/// <param name="MaxTokenLifetimeSeconds">0 for no limit.</param>
/// <param name="DeviceAuthentication"><c>any</c> or <c>x509</c>.</param>
/// <param name="DeviceTokens"><c>any</c> or <c>own</c>.</param>
/// <param name="DeviceKeys"><c>stored</c> or <c>derived</c>.</param>
/// <param name="StoredKeyCount">Devices and modules of which a key is stored though keys are derived; null where they are not.</param>
/// <param name="Etag">Without quotes.</param>
internal sealed record StrictnessJson(long MaxTokenLifetimeSeconds, string DeviceAuthentication, string DeviceTokens, string DeviceKeys, long? StoredKeyCount, string Etag)
{
    internal static StrictnessJson From(HubStrictness stored) =>
        new(
            stored.Strictness.MaxTokenSeconds,
            stored.Strictness.IsX509Only ? "x509" : "any",
            stored.Strictness.IsOwnTokensOnly ? "own" : "any",
            stored.Strictness.HasDerivedKeysOnly ? "derived" : "stored",
            stored.StoredKeyCount,
            stored.ETag);
}

/// <summary>Body of PATCH. A name that is unknown is refused: a setting that is misspelled must not look as if it were on.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record StrictnessBody
{
    public long? MaxTokenLifetimeSeconds { get; init; }

    public string? DeviceAuthentication { get; init; }

    public string? DeviceTokens { get; init; }

    public string? DeviceKeys { get; init; }

    internal StrictnessChange Change => new() { MaxTokenLifetimeSeconds = MaxTokenLifetimeSeconds, DeviceAuthentication = DeviceAuthentication, DeviceTokens = DeviceTokens, DeviceKeys = DeviceKeys };
}

/// <summary>What a change did, or would do.</summary>
internal sealed record StrictnessEffectJson
{
    public required StrictnessJson Strictness { get; init; }

    public required bool IsChanged { get; init; }

    public required long RegisteredCount { get; init; }

    public required IReadOnlyList<string> Registered { get; init; }

    public required long RemainingCount { get; init; }

    public required long StoredCount { get; init; }

    public required IReadOnlyList<string> Stored { get; init; }

    public required IReadOnlyList<string> Live { get; init; }

    public required int LiveCount { get; init; }

    public required int StayCount { get; init; }

    public required string? Danger { get; init; }

    internal static StrictnessEffectJson From(StrictnessEffect effect) => new()
    {
        Strictness = StrictnessJson.From(effect.Current),
        IsChanged = effect.IsChanged,
        RegisteredCount = effect.RegisteredCount,
        Registered = effect.Registered,
        RemainingCount = effect.RemainingCount,
        StoredCount = effect.StoredCount,
        Stored = effect.Stored,
        Live = effect.Live,
        LiveCount = effect.LiveCount,
        StayCount = effect.StayCount,
        Danger = effect.Danger,
    };
}
