using System.Text.Json.Nodes;

namespace Gatehouse.Hub.Twins;

/// <summary>JSON merge patch (RFC 7386) with the metadata beside it: null removes, arrays are replaced whole, an object that loses its last member stays.</summary>
internal static class TwinMerge
{
    /// <param name="target">Changed in place.</param>
    /// <param name="metadata">The <c>$metadata</c> of the target, changed in place; null where none is kept (tags).</param>
    /// <param name="patch">Not changed.</param>
    /// <param name="stamp">What the metadata says of all that the patch names and of the objects around it.</param>
    internal static void Apply(JsonObject target, JsonObject? metadata, JsonObject patch, TwinStamp stamp)
    {
        stamp.Mark(metadata);
        foreach (var (key, value) in patch)
        {
            switch (value)
            {
                case null:
                    target.Remove(key);
                    metadata?.Remove(key);
                    break;
                case JsonObject members:
                    Apply(ObjectAt(target, key, out var isNew), metadata is null ? null : isNew ? Renew(metadata, key) : ObjectAt(metadata, key, out _), members, stamp);
                    break;
                default:
                    target[key] = value.DeepClone();
                    stamp.Mark(metadata is null ? null : Renew(metadata, key));
                    break;
            }
        }
    }

    private static JsonObject ObjectAt(JsonObject parent, string key, out bool isNew)
    {
        isNew = parent[key] is not JsonObject;
        return isNew ? Renew(parent, key) : (JsonObject)parent[key]!;
    }

    private static JsonObject Renew(JsonObject parent, string key)
    {
        var made = new JsonObject();
        parent[key] = made;
        return made;
    }
}
