namespace Gatehouse.Identity.SharedAccess;

/// <summary>Which of an owner's two keys signed a token.</summary>
internal enum KeyMatch
{
    None,
    Primary,
    Secondary,

    /// <summary>A stored key did not open, and the other did not match: an operator's problem, not the peer's.</summary>
    Unusable,

    /// <summary>Keys stay in an HSM, which cannot be reached now: nothing is known of the token.</summary>
    OutOfReach,
}
