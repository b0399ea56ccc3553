using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Routing;

/// <summary>An enrichment made ready.</summary>
internal sealed class CompiledEnrichment
{
    private const string TwinPrefix = "$twin.";

    // A value of a twin has at most 4 KiB; an object or array may have more and is cut off rather than carried with every message.
    private const int MaxValueBytes = 4096;

    private readonly byte[] literal;
    private readonly string[]? path;

    private CompiledEnrichment(string key, string literal, string[]? path) => (Key, this.literal, this.path) = (Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(literal), path);

    internal byte[] Key { get; }

    internal bool UsesTwin => path is not null;

    internal static CompiledEnrichment Of(HubName hub, MessageEnrichment enrichment)
    {
        var value = enrichment.Value;
        return string.Equals(value, "$iothubname", StringComparison.OrdinalIgnoreCase) ? new CompiledEnrichment(enrichment.Key, hub.Value, null)
            : value.StartsWith(TwinPrefix, StringComparison.OrdinalIgnoreCase) ? new CompiledEnrichment(enrichment.Key, value, value[TwinPrefix.Length..].Split('.'))
            : new CompiledEnrichment(enrichment.Key, value, null);
    }

    /// <summary>The value for a message; what does not resolve stays as it is written.</summary>
    internal ReadOnlySpan<byte> ValueFor(JsonElement? twin)
    {
        if (path is null || twin is not { } element)
        {
            return literal;
        }

        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return literal;
            }
        }

        if (element.ValueKind == JsonValueKind.Null)
        {
            return literal;
        }

        var text = Encoding.UTF8.GetBytes(element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText());
        return text.Length <= MaxValueBytes ? text : literal;
    }
}
