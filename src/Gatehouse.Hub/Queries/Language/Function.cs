using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>A function of the language: pure, total, undefined for arguments of other types.</summary>
/// <remarks>Source: IoT Hub "Query language expressions" page. Twin queries document only IS_DEFINED; all are allowed there.</remarks>
internal sealed class Function
{
    private static readonly FrozenDictionary<string, Function> All = new Function[]
    {
        Types("IS_DEFINED", value => value.Kind != ValueKind.Undefined),
        Types("IS_NULL", value => value.Kind == ValueKind.Null),
        Types("IS_BOOL", value => value.IsBoolean),
        Types("IS_NUMBER", value => value.Kind == ValueKind.Number),
        Types("IS_STRING", value => value.Kind == ValueKind.Text),
        Types("IS_ARRAY", value => value.Kind == ValueKind.Array),
        Types("IS_OBJECT", value => value.Kind == ValueKind.Object),
        Types("IS_PRIMITIVE", value => value.IsPrimitive),
        Numeric("ABS", Math.Abs),
        Numeric("EXP", Math.Exp),
        Numeric("SQUARE", number => number * number),
        Numeric("CEILING", Math.Ceiling),
        Numeric("FLOOR", Math.Floor),
        Numeric("SIGN", number => Math.Sign(number)),
        Numeric("SQRT", Math.Sqrt),
        new("POWER", 2, 2, values => AreAll(values, ValueKind.Number) ? Value.Of(Math.Pow(values[0].Number, values[1].Number)) : Value.Undefined),
        new("AS_NUMBER", 1, 1, values => AsNumber(values[0])),
        Textual("LENGTH", 1, values => Value.Of((double)values[0].TextString.Length)),
        Textual("LOWER", 1, values => Made(values[0].TextString.ToLowerInvariant())),
        Textual("UPPER", 1, values => Made(values[0].TextString.ToUpperInvariant())),
        Textual("STARTS_WITH", 2, values => Value.Of(values[0].Text.Span.StartsWith(values[1].Text.Span))),
        Textual("ENDS_WITH", 2, values => Value.Of(values[0].Text.Span.EndsWith(values[1].Text.Span))),
        Textual("CONTAINS", 2, values => Value.Of(values[0].Text.Span.IndexOf(values[1].Text.Span) >= 0)),
        Textual("INDEX_OF", 2, values => Value.Of((double)values[0].TextString.IndexOf(values[1].TextString, StringComparison.Ordinal))),
        new("SUBSTRING", 2, 3, Substring),
        new("CONCAT", 1, MaxArguments, Concat),
    }.ToFrozenDictionary(function => function.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Most arguments of any call.</summary>
    internal const int MaxArguments = 16;

    private readonly Apply apply;

    private Function(string name, int least, int most, Apply apply)
    {
        Name = name;
        LeastArguments = least;
        MostArguments = most;
        this.apply = apply;
    }

    private delegate Value Apply(ReadOnlySpan<Value> arguments);

    internal string Name { get; }

    internal int LeastArguments { get; }

    internal int MostArguments { get; }

    internal static Function? Find(string name) => All.GetValueOrDefault(name);

    internal Value Evaluate(Subject subject, IReadOnlyList<Expression> arguments)
    {
        if (arguments.Count == 1)
        {
            var only = arguments[0].Evaluate(subject);
            return apply(new ReadOnlySpan<Value>(in only));
        }

        var pair = new Pair();
        if (arguments.Count == 2)
        {
            pair[0] = arguments[0].Evaluate(subject);
            pair[1] = arguments[1].Evaluate(subject);
            return apply(pair);
        }

        var values = new Value[arguments.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = arguments[i].Evaluate(subject);
        }

        return apply(values);
    }

    private static Function Types(string name, Func<Value, bool> test) => new(name, 1, 1, values => Value.Of(test(values[0])));

    private static Function Numeric(string name, Func<double, double> compute) =>
        new(name, 1, 1, values => values[0].Kind == ValueKind.Number ? Value.Of(compute(values[0].Number)) : Value.Undefined);

    private static Function Textual(string name, int arguments, Apply apply) =>
        new(name, arguments, arguments, values => AreAll(values, ValueKind.Text) ? apply(values) : Value.Undefined);

    private static bool AreAll(ReadOnlySpan<Value> values, ValueKind kind)
    {
        foreach (ref readonly var value in values)
        {
            if (value.Kind != kind)
            {
                return false;
            }
        }

        return true;
    }

    private static Value AsNumber(in Value value) => value.Kind switch
    {
        ValueKind.Number => value,
        ValueKind.Text when double.TryParse(value.Text.Span, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => Value.Of(number),
        _ => Value.Undefined,
    };

    private static Value Substring(ReadOnlySpan<Value> values)
    {
        if (values[0].Kind != ValueKind.Text || !AreAll(values[1..], ValueKind.Number))
        {
            return Value.Undefined;
        }

        var text = values[0].TextString;
        var start = (int)Math.Clamp(values[1].Number, 0, text.Length);
        var length = values.Length == 3 ? (int)Math.Clamp(values[2].Number, 0, text.Length - start) : text.Length - start;
        return Made(text.Substring(start, length));
    }

    private static Value Concat(ReadOnlySpan<Value> values)
    {
        var length = 0L;
        if (!AreAll(values, ValueKind.Text))
        {
            return Value.Undefined;
        }

        foreach (ref readonly var value in values)
        {
            length += value.Text.Length;
        }

        if (length > QueryLimits.MaxTextBytes)
        {
            return Value.Undefined;
        }

        var joined = new byte[length];
        var position = 0;
        foreach (ref readonly var value in values)
        {
            value.Text.Span.CopyTo(joined.AsSpan(position));
            position += value.Text.Length;
        }

        return Value.Of(joined.AsMemory());
    }

    /// <summary>A text that a function made; undefined past the bound.</summary>
    private static Value Made(string text) => Encoding.UTF8.GetByteCount(text) <= QueryLimits.MaxTextBytes ? Value.Of(text) : Value.Undefined;

    /// <summary>Room for two arguments on the stack.</summary>
    [System.Runtime.CompilerServices.InlineArray(2)]
    private struct Pair
    {
        private Value first;
    }
}
