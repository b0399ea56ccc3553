namespace Gatehouse.Wire.Amqp;

/// <summary>The delivery states that a disposition names. Source: AMQP 1.0 §3.4.</summary>
public enum Outcome
{
    /// <summary>No state.</summary>
    None,
    Accepted,
    Rejected,
    Released,
    Modified,

    /// <summary>Received in part; not an outcome.</summary>
    Received,

    /// <summary>One that is not of the standard's messaging part, such as a transaction's.</summary>
    Other,
}
