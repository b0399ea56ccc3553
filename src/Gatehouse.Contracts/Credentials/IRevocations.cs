using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Credentials;

/// <summary>The revocation lists of all hubs, in memory. Implemented by Hub; safe from any thread.</summary>
public interface IRevocations
{
    /// <summary>The list of a hub as it is now; empty for a hub that is not of this server.</summary>
    RevocationSet Of(HubName hub);

    /// <summary>From here on what stands on a certificate hears of revocations, until it is disposed.</summary>
    IDisposable Attach(ICertificateUses uses);
}

/// <summary>Whoever keeps what was let in by certificates and goes on (sessions, grants).</summary>
public interface ICertificateUses
{
    /// <summary>A list has changed. What was judged before and is taken in after this must be judged again.</summary>
    void RevocationsChanged(HubName hub);

    /// <summary>What a revocation may concern.</summary>
    IReadOnlyList<ICertificateUse> Find(HubName hub, IReadOnlySet<ulong> marks);
}

/// <summary>One of those: a session, or the right to be an identity on a connection.</summary>
public interface ICertificateUse
{
    Principal Principal { get; }

    /// <summary>Judges its proof again, and ends it if it is refused. Must not throw or block.</summary>
    void JudgeAgain();
}
