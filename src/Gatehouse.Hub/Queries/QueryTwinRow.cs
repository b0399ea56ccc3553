using System.Buffers;
using System.Text.Json;
using Gatehouse.Hub.Connections;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Queries;

/// <summary>A stored twin with its connection, as a query reads it.</summary>
internal sealed class QueryTwinRow
{
    internal required TwinRow Twin { get; init; }

    internal required ConnectionRow Connection { get; init; }

    /// <summary>The document as a row of an answer.</summary>
    internal void WriteTo(Answer answer)
    {
        WriteTo(answer.Writer);
        answer.Count++;
    }

    /// <summary>The document as the service shows it.</summary>
    internal JsonDocument ToDocument()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            WriteTo(writer);
        }

        return JsonDocument.Parse(buffer.WrittenMemory);
    }

    private void WriteTo(Utf8JsonWriter writer) => TwinDocument.WriteTo(writer, Twin.Show(Connection.ToFacts()));

    internal sealed class ConnectionRow
    {
        public long? IsConnected { get; init; }

        public long? StateChanged { get; init; }

        public long? LastActivity { get; init; }

        internal ConnectionFacts ToFacts() => new(IsConnected == 1, At(StateChanged), At(LastActivity));

        private static DateTimeOffset? At(long? ticks) => ticks is > 0 and { } known ? new DateTimeOffset(known, TimeSpan.Zero) : null;
    }
}
