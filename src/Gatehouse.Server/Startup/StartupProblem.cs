using System.Reflection;
using Gatehouse.Keys;
using Gatehouse.Store;
using Gatehouse.Transport;
using Microsoft.AspNetCore.Connections;

namespace Gatehouse.Server.Startup;

/// <summary>Says in one line why the server cannot run. Stack traces help nobody who operates it.</summary>
internal static class StartupProblem
{
    internal static string InOneLine(Exception error)
    {
        var text = Known(error) switch
        {
            { InnerException: AddressInUseException } inUse => $"{inUse.Message.TrimEnd('.')}; stop the process that holds it or choose another port.",
            StartupException or TransportException or StoreException or KeysException or IOException or UnauthorizedAccessException => Known(error).Message,
            var other => $"an unforeseen error ended the server: {other.GetType().Name}: {other.Message}",
        };
        return string.Join(' ', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
    }

    private static Exception Known(Exception error) => error switch
    {
        AggregateException { InnerExceptions: [var only] } => Known(only),
        TargetInvocationException { InnerException: { } inner } => Known(inner),
        _ => error,
    };
}
