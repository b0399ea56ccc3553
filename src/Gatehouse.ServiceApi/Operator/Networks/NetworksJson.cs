using System.Text.Json.Serialization;
using Gatehouse.Hub.StrictModes;

namespace Gatehouse.ServiceApi.Operator.Networks;

/// <summary>Where a device must come from, in answers.</summary>
/// <param name="DeviceId">Whose it is.</param>
/// <param name="Ranges">Empty for anywhere.</param>
internal sealed record NetworksJson(string DeviceId, IReadOnlyList<string> Ranges)
{
    internal static NetworksJson From(DeviceBinding binding) => new(binding.Device.Value, binding.Networks?.Texts ?? []);
}

/// <summary>Body of PUT.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record NetworksBody
{
    public IReadOnlyList<string?>? Ranges { get; init; }
}

/// <summary>What a change did, or would do.</summary>
internal sealed record NetworksEffectJson
{
    public required NetworksJson Networks { get; init; }

    public required bool IsChanged { get; init; }

    public required IReadOnlyList<LiveJson> Live { get; init; }

    public required int LiveCount { get; init; }

    public required int StayCount { get; init; }

    public required string? Danger { get; init; }

    internal static NetworksEffectJson From(BindingEffect effect) => new()
    {
        Networks = NetworksJson.From(effect.Current),
        IsChanged = effect.IsChanged,
        Live = [.. effect.Live.Select(static each => new LiveJson(each.Identity, each.Shown))],
        LiveCount = effect.LiveCount,
        StayCount = effect.StayCount,
        Danger = effect.Danger,
    };

    /// <param name="Identity">Device, or device/module.</param>
    /// <param name="Address">Null when unknown.</param>
    internal sealed record LiveJson(string Identity, string? Address);
}
