using System.Text.Json;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>What a condition is asked about.</summary>
public abstract class Subject
{
    internal abstract Value Find(PathExpression path);

    /// <summary>Follows steps into a JSON value; undefined when one of them leads nowhere.</summary>
    private protected static Value Follow(JsonElement element, IReadOnlyList<PathStep> steps, int from)
    {
        for (var i = from; i < steps.Count; i++)
        {
            var step = steps[i];
            if (step.Name is null)
            {
                if (element.ValueKind != JsonValueKind.Array || step.Index >= element.GetArrayLength())
                {
                    return Value.Undefined;
                }

                element = element[step.Index];
            }
            else if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(step.Utf8, out element))
            {
                return Value.Undefined;
            }
        }

        return Value.Of(element);
    }
}
