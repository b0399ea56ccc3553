using Gatehouse.Server.Configuration;
using Microsoft.Extensions.Logging.Console;

namespace Gatehouse.Server.Composition;

/// <summary>Log lines on the console: our own from the level that the operator chose, the frameworks' from Warning.</summary>
internal static class ServerLogging
{
    /// <summary>Categories that log a failed start with its stack trace; <see cref="Startup.StartupProblem"/> says it in one line.</summary>
    private static readonly string[] StartReporters = ["Microsoft.Extensions.Hosting.Internal.Host", "Microsoft.AspNetCore.Server.Kestrel"];

    internal static void AddServerLogging(this ILoggingBuilder logging, ServerOptions options, StartupQuiet quiet)
    {
        var frameworks = options.LogLevel < LogLevel.Debug ? LogLevel.Debug : (LogLevel)Math.Max((int)LogLevel.Warning, (int)options.LogLevel);
        logging.SetMinimumLevel(options.LogLevel).AddFilter("Microsoft", frameworks).AddFilter("OpenTelemetry", frameworks);
        foreach (var category in StartReporters)
        {
            logging.AddFilter(category, level => quiet.HasEnded && level >= frameworks);
        }

        _ = options.JsonLog
            ? logging.AddJsonConsole(Format)
            : logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                Format(console);
            });
    }

    private static void Format(ConsoleFormatterOptions console)
    {
        console.UseUtcTimestamp = true;
        console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
    }
}
