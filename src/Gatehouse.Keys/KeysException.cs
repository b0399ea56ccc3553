namespace Gatehouse.Keys;

/// <summary>The keys cannot be opened or used; the message is one line that an operator can act on and never holds a secret.</summary>
public sealed class KeysException(string message, Exception? inner = null) : Exception(message, inner);
