namespace Gatehouse.Store;

/// <summary>The store cannot be opened, or lost a write that shared its commit with another; the message is one line that an operator can act on and never holds a password.</summary>
public sealed class StoreException(string message, Exception? inner = null) : Exception(message, inner);
