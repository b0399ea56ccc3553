using System.Text.Json.Nodes;

namespace Gatehouse.Hub.Configurations;

/// <summary>A place in the desired properties of a twin; without keys, all of them.</summary>
internal readonly record struct PropertyPath(IReadOnlyList<string> Keys)
{
    /// <summary>Whether the other place is this one or lies in it.</summary>
    internal bool Covers(PropertyPath other) => Keys.Count <= other.Keys.Count && Keys.SequenceEqual(other.Keys.Take(Keys.Count), StringComparer.Ordinal);

    /// <summary>Whether a merge patch writes something here, above or below.</summary>
    internal bool IsTouchedBy(System.Text.Json.JsonElement patch)
    {
        foreach (var key in Keys)
        {
            if (patch.ValueKind != System.Text.Json.JsonValueKind.Object)
            {
                return true;
            }

            if (!patch.TryGetProperty(key, out patch))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Puts a value here; what stood in its way goes.</summary>
    internal void Set(JsonObject root, JsonNode value)
    {
        if (Keys.Count == 0)
        {
            root.Clear();
            foreach (var (key, member) in value.AsObject())
            {
                root[key] = member?.DeepClone();
            }

            return;
        }

        var parent = root;
        foreach (var key in Keys.SkipLast(1))
        {
            if (parent[key] is not JsonObject inner)
            {
                parent[key] = inner = [];
            }

            parent = inner;
        }

        parent[Keys[^1]] = value.DeepClone();
    }

    /// <summary>Takes away what is here, and the objects around it that hold nothing else.</summary>
    internal void Remove(JsonObject root)
    {
        if (Keys.Count == 0)
        {
            root.Clear();
        }
        else
        {
            Remove(root, 0);
        }
    }

    private void Remove(JsonObject parent, int at)
    {
        if (at == Keys.Count - 1)
        {
            parent.Remove(Keys[at]);
        }
        else if (parent[Keys[at]] is JsonObject inner)
        {
            Remove(inner, at + 1);
            if (inner.Count == 0)
            {
                parent.Remove(Keys[at]);
            }
        }
    }
}
