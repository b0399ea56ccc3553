using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Twins;

/// <summary>What a back end writes to a twin. What belongs to the device or to the hub (reported properties, metadata, versions, identity facts) never gets here.</summary>
public sealed class TwinUpdate
{
    /// <summary>Levels of a body: the twin, its properties, a section with its depth, and the metadata that some clients send back.</summary>
    private const int MaxBodyDepth = 64;

    private TwinUpdate(bool isReplacement, SectionWrite? tags, SectionWrite? desired) => (IsReplacement, Tags, Desired) = (isReplacement, tags, desired);

    /// <summary>Whether tags and desired properties become exactly what is given.</summary>
    public bool IsReplacement { get; }

    /// <summary>Whether nothing is to be written.</summary>
    public bool IsEmpty => Tags is null && Desired is null;

    /// <summary>Whether it has sections, perhaps, but nothing in them.</summary>
    internal bool IsBlank => Tags is null or { IsWhole: false, Content.Count: 0 } && Desired is null or { IsWhole: false, Content.Count: 0 };

    /// <summary>Null leaves the tags alone.</summary>
    internal SectionWrite? Tags { get; }

    internal SectionWrite? Desired { get; }

    /// <summary>Reads <c>{"tags":{…},"properties":{"desired":{…}}}</c> as a merge patch. ArgumentInvalid.</summary>
    public static Result<TwinUpdate> Patch(ReadOnlySpan<byte> json) => Read(json, isReplacement: false);

    /// <summary>Reads the same as a whole: a section that is not there becomes empty. ArgumentInvalid.</summary>
    public static Result<TwinUpdate> Replacement(ReadOnlySpan<byte> json) => Read(json, isReplacement: true);

    /// <summary>A merge patch of desired properties alone. ArgumentInvalid.</summary>
    public static Result<TwinUpdate> PatchDesired(ReadOnlySpan<byte> json)
    {
        var patch = SoundJson.Parse(json, MaxBodyDepth);
        return patch.IsOk ? new TwinUpdate(isReplacement: false, null, new SectionWrite(patch.Value, IsWhole: false)) : patch.Error;
    }

    /// <summary>A merge patch of desired properties that was read by the same rules.</summary>
    internal static TwinUpdate OfDesired(JsonObject patch) => new(isReplacement: false, null, new SectionWrite(patch, IsWhole: false));

    private static Result<TwinUpdate> Read(ReadOnlySpan<byte> json, bool isReplacement)
    {
        var body = SoundJson.Parse(json, MaxBodyDepth);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var tags = Section(body.Value, "tags");
        var properties = Section(body.Value, "properties");
        if (!tags.IsOk || !properties.IsOk)
        {
            return tags.Error ?? properties.Error!;
        }

        var desired = properties.Value is { IsWhole: false } inner ? Section(inner.Content, "desired") : properties;
        if (!desired.IsOk)
        {
            return desired.Error;
        }

        // The hub's own words, which clients send back with what they have read.
        desired.Value?.Content.Remove("$metadata");
        desired.Value?.Content.Remove("$version");
        return isReplacement ? new TwinUpdate(isReplacement, Whole(tags.Value), Whole(desired.Value)) : new TwinUpdate(isReplacement, tags.Value, desired.Value);
    }

    private static SectionWrite Whole(SectionWrite? given) => new(given?.Content ?? [], IsWhole: true);

    // As everywhere in a merge patch, null removes all that is there.
    private static Result<SectionWrite?> Section(JsonObject parent, string name) =>
        !parent.TryGetPropertyValue(name, out var node) ? (SectionWrite?)null
        : node is null ? new SectionWrite([], IsWhole: true)
        : node is JsonObject content ? new SectionWrite(content, IsWhole: false)
        : HubErrors.ArgumentInvalid.With($"'{name}' is not an object.");
}

/// <summary>One section of an update.</summary>
/// <param name="Content">A merge patch, or what the section becomes.</param>
/// <param name="IsWhole">Which of the two.</param>
internal sealed record SectionWrite(JsonObject Content, bool IsWhole);
