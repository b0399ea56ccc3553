using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Hub.Twins;

/// <summary>Bodies of events about twins and identities. Pure.</summary>
/// <remarks>Source: IoT Hub "Non-telemetry event schemas" page.</remarks>
internal static class TwinEvents
{
    /// <summary>As much as a device may send; a twin of many small properties has metadata of more than that.</summary>
    private const int MaxBytes = 256 * 1024;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>What a patch wrote, with the new versions and the metadata of what it names.</summary>
    internal static byte[] Update(TwinRow row, TwinUpdate update, TwinStamp stamp)
    {
        var body = new JsonObject { ["version"] = row.Version };
        if (update.Tags is { } tags)
        {
            body["tags"] = tags.Content.DeepClone();
        }

        if (update.Desired is { } desired)
        {
            body["properties"] = new JsonObject { ["desired"] = Delta(desired.Content, stamp, row.DesiredVersion) };
        }

        return Fit(TwinText.Write(body));
    }

    /// <summary>What a device reported.</summary>
    internal static byte[] Report(ReportedState state, JsonObject patch, TwinStamp stamp) => Fit(TwinText.Write(
        new JsonObject { ["version"] = state.TwinVersion, ["properties"] = new JsonObject { ["reported"] = Delta(patch, stamp, state.Version) } }));

    /// <summary>The whole twin after a replacement.</summary>
    internal static byte[] Whole(TwinRow row) => Fit(Write(row, withEmptyTags: true));

    /// <summary>The twin of an identity that came or goes; tags only where it has some.</summary>
    internal static byte[] Lifecycle(TwinRow row) => Fit(Write(row, withEmptyTags: false));

    /// <summary>A patch of a digital twin; one that is too large keeps its values alone.</summary>
    internal static byte[] Fit(JsonArray patch)
    {
        var text = TwinText.Write(patch);
        return text.Length <= MaxBytes ? text : TwinText.Write(new JsonArray([.. patch.Where(each => !((string)each!["path"]!).Contains("/$metadata/", StringComparison.Ordinal)).Select(each => each!.DeepClone())]));
    }

    // The metadata of what the patch names, not of the whole section.
    private static JsonObject Delta(JsonObject patch, TwinStamp stamp, long version)
    {
        var metadata = new JsonObject();
        TwinMerge.Apply([], metadata, patch, stamp);
        var delta = patch.DeepClone().AsObject();
        delta["$metadata"] = metadata;
        delta["$version"] = version;
        return delta;
    }

    private static byte[] Write(TwinRow row, bool withEmptyTags)
    {
        var twin = row.Show(default);
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            TwinDocument.WriteEvent(writer, twin, withEmptyTags);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static byte[] Fit(byte[] body)
    {
        if (body.Length <= MaxBytes)
        {
            return body;
        }

        var whole = JsonNode.Parse(body)!.AsObject();
        foreach (var section in whole["properties"]?.AsObject().Select(each => each.Value).OfType<JsonObject>() ?? [])
        {
            section.Remove("$metadata");
        }

        return TwinText.Write(whole);
    }
}
