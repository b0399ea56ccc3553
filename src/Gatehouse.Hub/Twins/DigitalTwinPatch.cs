using System.Text.Json.Nodes;

namespace Gatehouse.Hub.Twins;

/// <summary>What a write to a twin changes in its digital twin, as a JSON Patch. Pure.</summary>
/// <remarks>Source: "Understand IoT Plug and Play digital twins", its change events. As there, <c>add</c> stands also for what replaces. Unconfirmed: what is removed.</remarks>
internal static class DigitalTwinPatch
{
    /// <summary>What is wanted from now on.</summary>
    internal static JsonArray OfDesired(JsonObject patch, long version) => Each(patch, (operations, place, name, value) =>
    {
        var metadata = $"{place}/$metadata/{name}";
        if (value is null)
        {
            Add(operations, "remove", $"{metadata}/desiredValue", null);
            Add(operations, "remove", $"{metadata}/desiredVersion", null);
        }
        else
        {
            Add(operations, "add", metadata, new JsonObject { ["desiredValue"] = value.DeepClone(), ["desiredVersion"] = version });
        }
    });

    /// <summary>What a device reported, with what it made of the wanted value.</summary>
    internal static JsonArray OfReported(JsonObject patch, string time) => Each(patch, (operations, place, name, value) =>
    {
        if (value is null)
        {
            Add(operations, "remove", $"{place}/{name}", null);
            return;
        }

        var metadata = $"{place}/$metadata/{name}";
        if (DigitalTwin.IsAcknowledgement(value))
        {
            Add(operations, "add", $"{metadata}/ackCode", value["ac"]);
            Add(operations, "add", $"{metadata}/ackDescription", value["ad"]);
            Add(operations, "add", $"{metadata}/ackVersion", value["av"]);
            Add(operations, "add", $"{metadata}/lastUpdateTime", time);
            Add(operations, "add", $"{place}/{name}", value["value"]);
        }
        else
        {
            Add(operations, "add", metadata, new JsonObject { ["lastUpdateTime"] = time });
            Add(operations, "add", $"{place}/{name}", value);
        }
    });

    /// <summary>The device named its model.</summary>
    internal static JsonArray OfModel(string modelId)
    {
        var operations = new JsonArray();
        Add(operations, "replace", "/$metadata/$model", modelId);
        return operations;
    }

    private static JsonArray Each(JsonObject patch, Action<JsonArray, string, string, JsonNode?> tell)
    {
        var operations = new JsonArray();
        foreach (var (name, value) in patch)
        {
            if (!DigitalTwin.IsComponent(value))
            {
                tell(operations, "", Escape(name), value);
                continue;
            }

            foreach (var (inner, innerValue) in value!.AsObject().Where(member => member.Key != DigitalTwin.ComponentMark))
            {
                tell(operations, "/" + Escape(name), Escape(inner), innerValue);
            }
        }

        return operations;
    }

    private static void Add(JsonArray operations, string operation, string path, JsonNode? value)
    {
        var made = new JsonObject { ["op"] = operation, ["path"] = path };
        if (operation != "remove")
        {
            if (value is null)
            {
                return;
            }

            made["value"] = value.DeepClone();
        }

        operations.Add(made);
    }

    private static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
