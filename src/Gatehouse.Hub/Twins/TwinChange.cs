using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Twins;

/// <summary>Something that happened to a twin and is durable.</summary>
/// <param name="Hub">Hub.</param>
/// <param name="Key">Whose twin.</param>
/// <param name="Kind">What.</param>
/// <param name="Version">Version of the twin after it.</param>
/// <param name="Time">When.</param>
/// <param name="Json">UTF-8: what was written, <c>{"version":7,"tags":{…},"properties":{…}}</c>; after a replacement, and of an identity that came or went, the whole twin.</param>
public sealed record TwinChange(HubName Hub, IdentityKey Key, TwinChangeKind Kind, long Version, DateTimeOffset Time, ReadOnlyMemory<byte> Json);

/// <summary>Kinds of <see cref="TwinChange"/>.</summary>
public enum TwinChangeKind
{
    /// <summary>A patch of tags, desired or reported properties.</summary>
    UpdateTwin,

    /// <summary>A replacement of tags and desired properties.</summary>
    ReplaceTwin,

    /// <summary>The identity was made.</summary>
    CreateIdentity,

    /// <summary>The identity was deleted.</summary>
    DeleteIdentity,
}
