using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Routing;

namespace Gatehouse.Cli.Files;

/// <summary>The group <c>file-upload</c>: where devices upload to, and what back ends are told. The same properties as <c>az iot hub update --fileupload-…</c> sets.</summary>
internal sealed class FileUploadCommands(Shell shell)
{
    private readonly Option<string?> account = new("--connection-string-from")
    {
        Description = "File whose one line is the connection string of a storage account, with its key; - reads the input.",
        HelpName = "file",
    };

    private readonly Option<string?> container = new("--container-name", "--container") { Description = "Container of the storage account.", HelpName = "name" };
    private readonly Option<bool> embedded = new("--embedded") { Description = "Devices upload to the hub itself; the storage account is forgotten." };
    private readonly Option<string?> life = new("--sas-ttl") { Description = "How long a device may write to the place it was given, 1m–24h.", HelpName = "time" };
    private readonly Option<bool?> notifications = new("--notifications") { Description = "true or false: back ends are told of each file that a device uploaded.", HelpName = "bool" };
    private readonly Option<string?> ttl = new("--notification-ttl") { Description = "How long a notification waits for a receiver, 1m–2d.", HelpName = "time" };
    private readonly Option<string?> locked = new("--notification-lock-duration") { Description = "How long a receiver may hold one, 5s–300s.", HelpName = "time" };
    private readonly Option<int?> deliveries = new("--notification-max-delivery-count") { Description = "Deliveries of one that is abandoned, 1–100.", HelpName = "number" };
    private readonly Option<string?> etag = new("--etag") { Description = "Only if this is still the ETag.", HelpName = "etag" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new FileUploadCommands(shell);
        return Shell.Group("file-upload", "Where devices upload files to, and what back ends are told of it.", commands.Show, commands.Update);
    }

    private static HubPath Path => HubPath.Operator("file-upload");

    private Command Show => shell.Command("show", "Shows where devices upload to, the account's key masked.", ["gatehouse file-upload show"], [], async call =>
    {
        var found = await call.Hub.GetAsync(Path, call.Cancellation);
        var (storage, told) = (Storage(found), Told(found));
        return call.Answer(found, terminal => terminal.Facts(
            ("place", (string?)storage["connectionString"] is { Length: > 0 } text ? text : "the hub itself (gatehouse file list)"),
            ("container", (string?)storage["containerName"]),
            ("time to write", (string?)storage["sasTtlAsIso8601"]),
            ("notifications", (bool)found["enableFileUploadNotifications"]! ? "on" : "off"),
            ("notification life", (string?)told["ttlAsIso8601"]),
            ("notification lock", (string?)told["lockDurationAsIso8601"]),
            ("notification deliveries", told["maxDeliveryCount"]!.ToString())));
    });

    private Command Update => shell.Command(
        "update",
        "Changes what is named; the rest stays. The account is asked before it is taken.",
        [
            "gatehouse file-upload update --connection-string-from account.txt --container-name uploads",
            "gatehouse file-upload update --embedded",
            "gatehouse file-upload update --sas-ttl 30m --notifications true",
        ],
        [account, container, embedded, life, notifications, ttl, locked, deliveries, etag],
        UpdateAsync);

    private async Task<int> UpdateAsync(Call call)
    {
        if (call.Value(embedded) && (call.IsGiven(account) || call.IsGiven(container)))
        {
            throw CliException.Usage("--embedded goes with neither --connection-string-from nor --container-name.");
        }

        var body = (await call.Hub.GetAsync(Path, call.Cancellation)).AsObject();
        var (storage, told) = (Storage(body), Told(body));
        if (call.Value(account) is { } path)
        {
            storage["connectionString"] = await SecretFile.ReadAsync(call, path, account.Name);
        }
        else if (call.Value(embedded))
        {
            storage["connectionString"] = "";
        }

        Fill(storage, "containerName", call.Value(container));
        Fill(storage, "sasTtlAsIso8601", Iso(call.Value(life), life.Name));
        Fill(told, "ttlAsIso8601", Iso(call.Value(ttl), ttl.Name));
        Fill(told, "lockDurationAsIso8601", Iso(call.Value(locked), locked.Name));
        Fill(told, "maxDeliveryCount", call.Value(deliveries));
        Fill(body, "enableFileUploadNotifications", call.Value(notifications));
        var saved = await call.Hub.PutAsync(Path, body, call.Value(etag), call.Cancellation);
        return call.Answer(saved, terminal => terminal.Line("file upload updated."));
    }

    private static JsonObject Storage(JsonNode body) => body["storageEndpoints"]!["$default"]!.AsObject();

    private static JsonObject Told(JsonNode body) => body["messagingEndpoints"]!["fileNotifications"]!.AsObject();

    private static void Fill(JsonObject body, string property, JsonNode? value)
    {
        if (value is not null)
        {
            body[property] = value;
        }
    }

    // Times are written here as in the server's settings: 30m, 24h.
    private static string? Iso(string? text, string option)
    {
        if (text is null)
        {
            return null;
        }

        var seconds = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => 0 };
        return seconds > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? XmlConvert.ToString(TimeSpan.FromSeconds((double)count * seconds))
            : throw CliException.Usage($"{option}: '{text}' is not a number with s, m, h or d.");
    }
}
