namespace Gatehouse.Transport;

/// <summary>The front door cannot open; the message is one line for the operator and names the remedy.</summary>
public sealed class TransportException(string message, Exception? inner = null) : Exception(message, inner);
