using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Twins;

/// <summary>What a section of a twin may hold. Pure functions over UTF-8 JSON that <see cref="SoundJson"/> has read.</summary>
internal static class TwinRules
{
    /// <summary>Integers of a twin. Source: "Understand and use device twins"; larger ones travel as strings.</summary>
    internal const long MinInteger = -4_503_599_627_370_496;

    internal const long MaxInteger = 4_503_599_627_370_495;

    /// <summary>Digits of a number. Ours: no measurement has more.</summary>
    private const int MaxNumberBytes = 64;

    /// <summary>How many times its size the JSON text of a stored section may be long: what the size does not count (escapes, brackets, large exponents written out) has an end too. Ours.</summary>
    private const int MaxTextFactor = 4;

    /// <summary>Null when a patch or section is allowed; its size is judged after the merge.</summary>
    internal static HubError? Check(ReadOnlySpan<byte> json, TwinOptions options)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = options.MaxDepth + 2 });
        while (reader.Read())
        {
            var fault = reader.TokenType switch
            {
                JsonTokenType.StartObject or JsonTokenType.StartArray => reader.CurrentDepth > options.MaxDepth ? $"Properties are nested deeper than {options.MaxDepth} levels." : null,
                JsonTokenType.PropertyName => CheckKey(ref reader, options),
                JsonTokenType.String => CheckString(ref reader, options),
                JsonTokenType.Number => CheckNumber(reader.ValueSpan),
                _ => null,
            };
            if (fault is not null)
            {
                return HubErrors.ArgumentInvalid.With(fault);
            }
        }

        return null;
    }

    /// <summary>Null when a merged section is not too large.</summary>
    internal static HubError? CheckSize(ReadOnlySpan<byte> json, string section, int maxBytes)
    {
        var (size, text) = Measure(json);
        return size > maxBytes ? HubErrors.MessageTooLarge.With($"The {section} would have {size} bytes; at most {maxBytes} are allowed.")
            : text > (long)maxBytes * MaxTextFactor ? HubErrors.MessageTooLarge.With($"The {section} would have {text} bytes of JSON text; at most {(long)maxBytes * MaxTextFactor} are allowed.")
            : null;
    }

    /// <summary>The documented size, and the length of the text with every number written out.</summary>
    internal static (long Size, long Text) Measure(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var (size, text) = (0L, (long)json.Length);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    size += Count(ref reader, isControlCounted: true);
                    break;
                case JsonTokenType.String:
                    size += Count(ref reader, isControlCounted: false);
                    break;
                case JsonTokenType.Number:
                    size += 8;
                    text += WrittenOut(reader.ValueSpan) - reader.ValueSpan.Length;
                    break;
                case JsonTokenType.True or JsonTokenType.False:
                    size += 4;
                    break;
            }
        }

        return (size, text);
    }

    private static string? CheckKey(ref Utf8JsonReader reader, TwinOptions options)
    {
        if (Count(ref reader, isControlCounted: true) > options.MaxKeyBytes)
        {
            return $"A key has more than {options.MaxKeyBytes} bytes.";
        }

        // '#' is not in the documentation; the service refuses it.
        foreach (var character in reader.GetString()!)
        {
            if (char.IsControl(character) || character is '.' or '$' or '#' or ' ')
            {
                return "A key holds a control character, a space, '.', '$' or '#'.";
            }
        }

        return null;
    }

    private static string? CheckString(ref Utf8JsonReader reader, TwinOptions options) =>
        Count(ref reader, isControlCounted: true) > options.MaxStringBytes ? $"A string has more than {options.MaxStringBytes} bytes." : null;

    private static string? CheckNumber(ReadOnlySpan<byte> number)
    {
        if (number.Length > MaxNumberBytes)
        {
            return $"A number has more than {MaxNumberBytes} characters.";
        }

        if (number.IndexOfAny((byte)'.', (byte)'e', (byte)'E') >= 0)
        {
            return Utf8Parser.TryParse(number, out double value, out _) && double.IsFinite(value) && ExponentOf(number) is >= -400 and <= 400 ? null : "A number is too large or too small.";
        }

        return Utf8Parser.TryParse(number, out long integer, out var length) && length == number.Length && integer is >= MinInteger and <= MaxInteger
            ? null
            : $"An integer is not within {MinInteger} and {MaxInteger}; send it as a string.";
    }

    private static int ExponentOf(ReadOnlySpan<byte> number)
    {
        var at = number.IndexOfAny((byte)'e', (byte)'E');
        return at < 0 ? 0 : Utf8Parser.TryParse(number[(at + 1)..], out int exponent, out var length) && length == number.Length - at - 1 ? exponent : int.MaxValue;
    }

    // PostgreSQL keeps a number as decimal digits.
    private static long WrittenOut(ReadOnlySpan<byte> number) => number.Length + Math.Abs((long)ExponentOf(number));

    private static int Count(ref Utf8JsonReader reader, bool isControlCounted)
    {
        var raw = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            // Control characters of ASCII are always escaped in JSON, all but DEL.
            return isControlCounted || !raw.ContainsAny((byte)0x7F, (byte)0xC2) ? raw.Length : CountText(Encoding.UTF8.GetString(raw), isControlCounted);
        }

        return CountText(reader.GetString()!, isControlCounted);
    }

    private static int CountText(string text, bool isControlCounted)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (!isControlCounted)
        {
            foreach (var character in text)
            {
                bytes -= char.IsControl(character) ? (character < 0x80 ? 1 : 2) : 0;
            }
        }

        return bytes;
    }
}
