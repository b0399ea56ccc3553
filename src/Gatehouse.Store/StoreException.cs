namespace Gatehouse.Store;

/// <summary>The store cannot be opened; the message is one line that an operator can act on and never holds a password.</summary>
public sealed class StoreException(string message, Exception? inner = null) : Exception(message, inner);
