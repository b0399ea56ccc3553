namespace Gatehouse.Keys;

/// <summary>The keys cannot be opened or used; the message is one line that an operator can act on and never holds a secret.</summary>
public sealed class KeysException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What kind of trouble it is; doors answer by it.</summary>
    public KeysFault Fault { get; init; }
}

/// <summary>Kinds of trouble with keys.</summary>
public enum KeysFault
{
    /// <summary>What is stored does not fit together: damaged, foreign, altered, open to others.</summary>
    Damaged,

    /// <summary>What was asked for cannot be: a wrong address, a store that this server may not use.</summary>
    Refused,

    /// <summary>There is no such key.</summary>
    NotFound,

    /// <summary>There is such a key already.</summary>
    Exists,

    /// <summary>The HSM or TPM does not answer, or does not let us in. It may again.</summary>
    Unavailable,
}
