namespace Gatehouse.Server.Startup;

/// <summary>The server cannot start; the message is one line that an operator can act on.</summary>
internal sealed class StartupException(string message, Exception? inner = null) : Exception(message, inner);
