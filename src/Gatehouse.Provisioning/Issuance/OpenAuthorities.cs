using System.Collections.Concurrent;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>CAs of one version of a policy that are open and not in use. They are closed when the policy changes, and used no longer than a minute after the first was opened.</summary>
internal sealed class OpenAuthorities(string version, TimeProvider time)
{
    // As many as sign at once on a machine of today; the next ones are opened and closed.
    private const int Most = 16;

    private static readonly TimeSpan Life = TimeSpan.FromMinutes(1);

    private readonly ConcurrentBag<IssuingAuthority> idle = [];
    private readonly long begun = time.GetTimestamp();
    private volatile bool isClosed;

    internal bool Holds(string wanted) => version == wanted && time.GetElapsedTime(begun) < Life;

    internal IssuingAuthority? Take() => idle.TryTake(out var authority) ? authority : null;

    internal void Return(IssuingAuthority authority)
    {
        if (isClosed || idle.Count >= Most)
        {
            authority.Dispose();
            return;
        }

        idle.Add(authority);
        if (isClosed)
        {
            Close();
        }
    }

    internal void Close()
    {
        isClosed = true;
        while (idle.TryTake(out var authority))
        {
            authority.Dispose();
        }
    }
}
