using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.UseTracking;

/// <summary>What the radar says of somebody.</summary>
public enum RadarOutcome
{
    /// <summary>It stands on what goes away, and no other way of it is known.</summary>
    Fails,

    /// <summary>It stands on it, and has shown that it has another way; whether it takes that by itself is its own affair.</summary>
    OtherWay,

    /// <summary>It has never been seen with what it is registered with now, and may need it.</summary>
    Unknown,
}

/// <param name="Identity">Null: back ends.</param>
/// <param name="Outcome">What would become of it.</param>
/// <param name="LastUsed">When it last used anything; null for one that was never seen.</param>
/// <param name="Reason">One sentence for the operator.</param>
public sealed record RadarEntry(IdentityKey? Identity, RadarOutcome Outcome, DateTimeOffset? LastUsed, string Reason);

/// <param name="Without">What goes away, as it was understood.</param>
/// <param name="Counts">Over the whole hub; null on pages after the first.</param>
/// <param name="Entries">Back ends first, then devices and modules in the order of ids.</param>
/// <param name="Next">The next page comes after this identity; null on the last one.</param>
public sealed record RadarPage(string Without, RadarCounts? Counts, IReadOnlyList<RadarEntry> Entries, IdentityKey? Next);

/// <param name="Fails">Of the entries, back ends included.</param>
/// <param name="OtherWay">Of the entries.</param>
/// <param name="Unknown">Of the entries.</param>
/// <param name="Unaffected">Enabled devices and modules that stand on something else.</param>
/// <param name="Disabled">Devices and modules that cannot connect anyhow, because they are disabled or have no credentials.</param>
public sealed record RadarCounts(long Fails, long OtherWay, long Unknown, long Unaffected, long Disabled);
