using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Queries;

/// <summary>The JSON array of a page, as it grows.</summary>
internal sealed class Answer : IDisposable
{
    private readonly ArrayBufferWriter<byte> buffer = new(4096);

    internal Answer()
    {
        Writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        Writer.WriteStartArray();
    }

    internal Utf8JsonWriter Writer { get; }

    internal int Count { get; set; }

    internal long Length => buffer.WrittenCount + Writer.BytesPending;

    internal ReadOnlyMemory<byte> Complete()
    {
        Writer.WriteEndArray();
        Writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>One row of columns; what is undefined is left out.</summary>
    internal void WriteRow(IEnumerable<(string Name, Value Value)> columns)
    {
        Writer.WriteStartObject();
        foreach (var (name, value) in columns)
        {
            Write(name, value);
        }

        Writer.WriteEndObject();
        Count++;
    }

    public void Dispose() => Writer.Dispose();

    private void Write(string name, in Value value)
    {
        if (value.Kind == ValueKind.Undefined)
        {
            return;
        }

        Writer.WritePropertyName(name);
        switch (value.Kind)
        {
            case ValueKind.Null:
                Writer.WriteNullValue();
                break;
            case ValueKind.True or ValueKind.False:
                Writer.WriteBooleanValue(value.IsTrue);
                break;
            case ValueKind.Number when value.Number == Math.Floor(value.Number) && Math.Abs(value.Number) < 1e15:
                Writer.WriteNumberValue((long)value.Number);
                break;
            case ValueKind.Number:
                Writer.WriteNumberValue(value.Number);
                break;
            case ValueKind.Text:
                Writer.WriteStringValue(value.TextString);
                break;
            default:
                value.Element.WriteTo(Writer);
                break;
        }
    }
}
