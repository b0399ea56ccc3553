using System.Text.Json.Nodes;

namespace Gatehouse.Provisioning.Enrollments.Conditions;

/// <summary>A condition of a query over enrollments. Null is "cannot say": what is compared is not there, or of another kind; only true lets an enrollment in.</summary>
internal abstract record Condition
{
    private Condition()
    {
    }

    internal abstract bool? Judge(JsonObject document);

    internal sealed record And(Condition Left, Condition Right) : Condition
    {
        internal override bool? Judge(JsonObject document) => (Left.Judge(document), Right.Judge(document)) switch
        {
            (false, _) or (_, false) => false,
            (true, true) => true,
            _ => null,
        };
    }

    internal sealed record Or(Condition Left, Condition Right) : Condition
    {
        internal override bool? Judge(JsonObject document) => (Left.Judge(document), Right.Judge(document)) switch
        {
            (true, _) or (_, true) => true,
            (false, false) => false,
            _ => null,
        };
    }

    internal sealed record Not(Condition Inner) : Condition
    {
        internal override bool? Judge(JsonObject document) => !Inner.Judge(document);
    }

    /// <param name="Path">Names from the enrollment on, in any case.</param>
    /// <param name="Operator">One of <c>= != &lt; &lt;= &gt; &gt;=</c>.</param>
    /// <param name="Value">A string, a number (double), a boolean or null.</param>
    internal sealed record Comparison(IReadOnlyList<string> Path, string Operator, object? Value) : Condition
    {
        internal override bool? Judge(JsonObject document) => TryFind(document, out var found) ? Judge(found) : null;

        private bool? Judge(JsonNode? found) => (found?.GetValueKind(), Value) switch
        {
            (null, null) => Operator switch { "=" => true, "!=" => false, _ => null },
            (System.Text.Json.JsonValueKind.String, string text) => Holds(string.CompareOrdinal(found!.GetValue<string>(), text)),
            (System.Text.Json.JsonValueKind.Number, double number) => Holds(NumberOf(found!).CompareTo(number)),
            (System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False, bool flag) when Operator is "=" or "!=" => Holds(found!.GetValue<bool>().CompareTo(flag)),
            _ => null,
        };

        // A number made here keeps its .NET type and converts to no other; its text does.
        private static double NumberOf(JsonNode found) => double.Parse(found.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

        private bool Holds(int order) => Operator switch
        {
            "=" => order == 0,
            "!=" => order != 0,
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };

        private bool TryFind(JsonObject document, out JsonNode? found)
        {
            found = document;
            foreach (var name in Path)
            {
                if (found is not JsonObject parent || parent.FirstOrDefault(each => each.Key.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { Key: not null } member)
                {
                    return false;
                }

                found = member.Value;
            }

            return true;
        }
    }
}
