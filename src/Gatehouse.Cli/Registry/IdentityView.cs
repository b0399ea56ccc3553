using System.Text.Json.Nodes;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.Registry;

/// <summary>How identities are shown. Keys are masked unless they were asked for.</summary>
internal static class IdentityView
{
    private const string Mask = "***";

    private static readonly string[] KeyNames = ["primaryKey", "secondaryKey"];

    internal static JsonNode Shown(JsonNode identity, bool showKeys)
    {
        if (!showKeys && identity["authentication"]?["symmetricKey"] is JsonObject keys)
        {
            foreach (var name in KeyNames.Where(name => keys[name] is not null))
            {
                keys[name] = Mask;
            }
        }

        return identity;
    }

    internal static void Facts(Terminal terminal, JsonNode shown) => terminal.Facts(
        ("device", Text(shown["deviceId"])),
        ("module", Text(shown["moduleId"])),
        ("status", Status(shown)),
        ("authentication", Text(shown["authentication"]?["type"])),
        ("primary key", Text(shown["authentication"]?["symmetricKey"]?["primaryKey"])),
        ("secondary key", Text(shown["authentication"]?["symmetricKey"]?["secondaryKey"])),
        ("primary thumbprint", Text(shown["authentication"]?["x509Thumbprint"]?["primaryThumbprint"])),
        ("secondary thumbprint", Text(shown["authentication"]?["x509Thumbprint"]?["secondaryThumbprint"])),
        ("edge", Text(shown["capabilities"]?["iotEdge"]) == "true" ? "yes" : null),
        ("managed by", Text(shown["managedBy"])),
        ("connection", Connection(shown)),
        ("last activity", ReadableTime.Of(shown["lastActivityTime"])),
        ("etag", Text(shown["etag"])));

    internal static void Table(Terminal terminal, JsonArray identities, bool isModule)
    {
        string[] headers = isModule ? ["module", "authentication", "connection", "last activity"] : ["device", "status", "authentication", "connection", "last activity"];
        terminal.Table(headers, identities.Select(identity => Row(identity!, isModule)));
    }

    internal static string? Text(JsonNode? node) => node?.ToString() is { Length: > 0 } text ? text : null;

    private static IEnumerable<string?> Row(JsonNode identity, bool isModule)
    {
        var authentication = Text(identity["authentication"]?["type"]);
        return isModule
            ? [Text(identity["moduleId"]), authentication, Connection(identity), ReadableTime.Of(identity["lastActivityTime"])]
            : [Text(identity["deviceId"]), Text(identity["status"]), authentication, Connection(identity), ReadableTime.Of(identity["lastActivityTime"])];
    }

    private static string? Status(JsonNode identity) =>
        Text(identity["statusReason"]) is { } reason ? $"{Text(identity["status"])} ({reason})" : Text(identity["status"]);

    private static string? Connection(JsonNode identity) => Text(identity["connectionState"])?.ToLowerInvariant();
}
