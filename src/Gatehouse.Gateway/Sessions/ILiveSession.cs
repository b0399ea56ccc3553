using Gatehouse.Contracts.Access;

namespace Gatehouse.Gateway.Sessions;

/// <summary>An open session, of whatever protocol.</summary>
internal interface ILiveSession
{
    Principal Principal { get; }

    /// <summary>A newer session of the same identity has authenticated: end now.</summary>
    void Displace();

    /// <summary>What the session's right to live rests on has changed: judge its proof again, end if it is refused. Must not throw or block.</summary>
    void JudgeAgain();
}
