namespace Gatehouse.Sinks.Outbound;

/// <summary>The server may not call this address.</summary>
public sealed class OutboundRefusedException(string message) : IOException(message);
