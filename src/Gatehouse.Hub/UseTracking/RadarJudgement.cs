using System.Globalization;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.UseTracking;

/// <summary>Decides what a change does to one identity, from what it has done. Pure.</summary>
/// <param name="change">What goes away.</param>
/// <param name="waysOn">Where the chain of a device goes on when its CA is gone: the hub's other verified CAs.</param>
internal sealed class RadarJudgement(RadarChange change, WaysOn waysOn)
{
    /// <param name="identity">Whose.</param>
    /// <param name="kind">How it is registered.</param>
    /// <param name="uses">Its uses of what is registered now, the latest first.</param>
    /// <param name="live">Its open sessions.</param>
    /// <returns>Null when it is not affected.</returns>
    internal RadarEntry? Judge(IdentityKey identity, CredentialKind kind, IReadOnlyList<CredentialUse> uses, IReadOnlyList<LiveUse> live)
    {
        var last = uses.Count > 0 ? uses[0].LastUsed : (DateTimeOffset?)null;
        if (change.IsAnyToken)
        {
            return kind != CredentialKind.Sas ? null
                : last is null && live.Count == 0 ? Unknown(identity, "It is registered for SAS tokens, and was never seen.")
                : new RadarEntry(identity, RadarOutcome.Fails, last, "It is registered for SAS tokens; nothing else lets it in.");
        }

        if (last is null && live.Count == 0)
        {
            return change.MayConcern(kind) ? Unknown(identity, "It was never seen with what it is registered with now.") : null;
        }

        if (!Stands(uses, live))
        {
            return null;
        }

        return OtherWay(uses, live) is { } way
            ? new RadarEntry(identity, RadarOutcome.OtherWay, last, way)
            : new RadarEntry(identity, RadarOutcome.Fails, last, Standing(uses, live));
    }

    /// <summary>Back ends that use a policy's key; who they are is not known, so that another way of theirs is not, either.</summary>
    internal RadarEntry? JudgeBackEnds(CredentialUse use) =>
        change.Matches(use) ? new RadarEntry(null, RadarOutcome.Fails, use.LastUsed, $"Back ends used {Describe(use)}.") : null;

    // Who is connected now stands on that; else the last use decides.
    private bool Stands(IReadOnlyList<CredentialUse> uses, IReadOnlyList<LiveUse> live)
    {
        var told = live.Select(change.Matches).Where(static each => each is not null).ToList();
        return told.Count > 0 ? told.Contains(true) : uses.Count > 0 && change.Matches(uses[0]);
    }

    private string? OtherWay(IReadOnlyList<CredentialUse> uses, IReadOnlyList<LiveUse> live)
    {
        if (uses.FirstOrDefault(use => !change.Matches(use)) is { } other)
        {
            return $"It has also used {Describe(other)}.";
        }

        if (live.FirstOrDefault(each => change.Matches(each) == false) is { Principal: { } principal })
        {
            return $"It has another session, by {principal.CredentialName}.";
        }

        return change.Authority is { } gone && uses.Count > 0 && waysOn.Find(gone, uses[0].Shown) is { } next
            ? $"The certificates that it sends lead on to the CA '{next}'."
            : null;
    }

    private static string Standing(IReadOnlyList<CredentialUse> uses, IReadOnlyList<LiveUse> live) =>
        live.Count > 0 ? $"It is connected by {live[0].Principal.CredentialName}{Tls(live[0].TlsVersion)}." : $"The last that it used was {Describe(uses[0])}.";

    private static string Describe(CredentialUse use) =>
        string.Create(CultureInfo.InvariantCulture, $"{use.Credential}{Tls(use.TlsVersion)} at {use.LastUsed.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}");

    private static string Tls(string? version) => version is null ? "" : $" over TLS {version}";

    private static RadarEntry Unknown(IdentityKey identity, string reason) => new(identity, RadarOutcome.Unknown, null, reason);
}
