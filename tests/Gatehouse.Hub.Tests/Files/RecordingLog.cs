using System.Collections.Concurrent;
using Gatehouse.Hub.Files;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Tests.Files;

/// <summary>What the operator is told.</summary>
internal sealed class RecordingLog : ILogger<FileUpkeep>
{
    internal ConcurrentQueue<(string? Event, string Text)> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue((eventId.Name, formatter(state, exception)));
}
