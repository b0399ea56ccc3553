using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>What an expression is for one subject. Text is UTF-8, so that properties of messages are compared where they lie, and in the order of both databases.</summary>
internal readonly struct Value
{
    private Value(ValueKind kind, double number = 0, ReadOnlyMemory<byte> text = default, JsonElement element = default)
    {
        Kind = kind;
        Number = number;
        Text = text;
        Element = element;
    }

    internal ValueKind Kind { get; }

    internal double Number { get; }

    internal ReadOnlyMemory<byte> Text { get; }

    /// <summary>The array or object.</summary>
    internal JsonElement Element { get; }

    internal static Value Undefined => default;

    internal static Value Null => new(ValueKind.Null);

    internal bool IsTrue => Kind == ValueKind.True;

    internal bool IsBoolean => Kind is ValueKind.True or ValueKind.False;

    internal bool IsPrimitive => Kind is ValueKind.Null or ValueKind.True or ValueKind.False or ValueKind.Number or ValueKind.Text;

    internal static Value Of(bool value) => new(value ? ValueKind.True : ValueKind.False);

    /// <summary>Undefined for what is no finite number: overflow, division by zero.</summary>
    internal static Value Of(double value) => double.IsFinite(value) ? new(ValueKind.Number, value) : default;

    internal static Value Of(ReadOnlyMemory<byte> utf8) => new(ValueKind.Text, text: utf8);

    internal static Value Of(string? text) => text is null ? Null : new(ValueKind.Text, text: Encoding.UTF8.GetBytes(text));

    /// <summary>Undefined for text with half a surrogate pair and for numbers past the range of double.</summary>
    internal static Value Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => Null,
        JsonValueKind.True => Of(true),
        JsonValueKind.False => Of(false),
        JsonValueKind.Number => element.TryGetDouble(out var number) ? Of(number) : Undefined,
        JsonValueKind.String => OfText(element),
        JsonValueKind.Array => new(ValueKind.Array, element: element),
        JsonValueKind.Object => new(ValueKind.Object, element: element),
        _ => Undefined,
    };

    /// <summary>The value of a JSON text that was valid when it was stored; as <see cref="Of(JsonElement)"/> has it.</summary>
    internal static Value OfJson(string json)
    {
        // Most values are plain texts and numbers: those need no document.
        if (json[0] == '"' && !json.Contains('\\', StringComparison.Ordinal))
        {
            return Of(json[1..^1]);
        }

        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        return Of(JsonElement.ParseValue(ref reader));
    }

    /// <summary>For functions and answers.</summary>
    internal string TextString => Encoding.UTF8.GetString(Text.Span);

    /// <summary>Whether two values are the same; Undefined (not comparable) is null.</summary>
    internal static bool? AreEqual(in Value left, in Value right)
    {
        if (left.IsBoolean && right.IsBoolean)
        {
            return left.Kind == right.Kind;
        }

        if (left.Kind != right.Kind)
        {
            return null;
        }

        return left.Kind switch
        {
            ValueKind.Null => true,
            ValueKind.Number => left.Number == right.Number,
            ValueKind.Text => left.Text.Span.SequenceEqual(right.Text.Span),
            _ => null,
        };
    }

    /// <summary>Order of two numbers or two texts (by code point); null for everything else.</summary>
    internal static int? Order(in Value left, in Value right)
    {
        if (left.Kind != right.Kind)
        {
            return null;
        }

        return left.Kind switch
        {
            ValueKind.Number => left.Number.CompareTo(right.Number),
            ValueKind.Text => left.Text.Span.SequenceCompareTo(right.Text.Span),
            _ => null,
        };
    }

    private static Value OfText(JsonElement element)
    {
        var raw = JsonMarshal.GetRawUtf8Value(element)[1..^1];
        if (!raw.Contains((byte)'\\'))
        {
            return Of(raw.ToArray().AsMemory());
        }

        try
        {
            return Of(element.GetString());
        }
        catch (InvalidOperationException)
        {
            // "\ud800": valid JSON, but no text.
            return Undefined;
        }
    }
}
