using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Transport.Tls;

/// <summary>What peers make of one of our certificates, and whether that is bad enough to take it back. Counters only; peers cannot make it grow.</summary>
internal sealed class HandshakeTally
{
    /// <summary>Fewer refusals than this are somebody's mistake.</summary>
    public const int FewestRefusals = 5;

    /// <summary>As many handshakes the former certificate must have seen for its own failures to be held against it.</summary>
    private const int FewestBefore = 20;

    private readonly long[] _alerts = new long[CertificateAlerts.Names.Length];
    private long _completed;
    private long _refused;
    private long _left;
    private long _strangers;

    public void Complete() => Interlocked.Increment(ref _completed);

    public void Refuse(int alert, bool isKnownAddress)
    {
        if (!isKnownAddress)
        {
            Interlocked.Increment(ref _strangers);
            return;
        }

        Interlocked.Increment(ref _refused);
        Interlocked.Increment(ref _alerts[alert]);
    }

    public void Leave(bool isKnownAddress) => Interlocked.Increment(ref isKnownAddress ? ref _left : ref _strangers);

    public HandshakeCounts Read() => new(
        Interlocked.Read(ref _completed),
        Interlocked.Read(ref _refused),
        Interlocked.Read(ref _left),
        Interlocked.Read(ref _strangers),
        CertificateAlerts.Names.Select((name, at) => (name, Count: Interlocked.Read(ref _alerts[at]))).Where(static each => each.Count > 0).ToDictionary(static each => each.name, static each => each.Count));

    /// <summary>Whether more of those who were shown the next certificate fail by it than the percent, above what failed by the former one.</summary>
    /// <remarks>Only peers at addresses where somebody has been authenticated count: strangers must not decide which certificate is shown.</remarks>
    public static bool IsTooMuch(HandshakeCounts before, HandshakeCounts next, int percent) =>
        percent > 0 && next.Refused + next.Left >= FewestRefusals && (Share(next) - (before.Completed + before.Refused >= FewestBefore ? Share(before) : 0)) * 100 >= percent;

    private static decimal Share(HandshakeCounts counts) => (decimal)(counts.Refused + counts.Left) / Math.Max(1, counts.Completed + counts.Refused);
}
