namespace Gatehouse.Identity.SharedAccess;

/// <summary>The end of a token: <c>se</c> plus an allowance for the peer's clock. A token has no beginning.</summary>
internal static class TokenLifetime
{
    // Years after 9000 mean "for ever" (C can emit 2^64-1); a day is left so that callers may add a grace without overflow.
    private static readonly DateTimeOffset Latest = DateTimeOffset.MaxValue.AddDays(-1);

    /// <summary>Seconds since the end, the allowance not counted; null while the token is good.</summary>
    internal static ulong? SecondsLate(ulong expiry, DateTimeOffset now, TimeSpan allowance)
    {
        var seconds = (ulong)Math.Max(0, now.ToUnixTimeSeconds());
        var late = seconds > expiry ? seconds - expiry : 0;
        return late > (ulong)allowance.TotalSeconds ? late : null;
    }

    internal static DateTimeOffset End(ulong expiry) =>
        expiry >= (ulong)Latest.ToUnixTimeSeconds() ? Latest : DateTimeOffset.FromUnixTimeSeconds((long)expiry);
}
