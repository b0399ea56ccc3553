using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Routing;

/// <summary>The group <c>message-endpoint</c>: where routes lead beside <c>events</c>. Words as in <c>az iot hub message-endpoint</c>; secrets come from files.</summary>
internal sealed class EndpointCommands(Shell shell)
{
    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["eventhub"] = "eventHub",
        ["servicebus-queue"] = "serviceBusQueue",
        ["servicebus-topic"] = "serviceBusTopic",
        ["storage-container"] = "storageContainer",
        ["webhook"] = "webhook",
    };

    private readonly Argument<string> type = Words.OneOf(
        new Argument<string>("type") { Description = "eventhub, servicebus-queue, servicebus-topic (any AMQP 1.0 broker), storage-container or webhook." }, [.. Types.Keys]);

    private readonly Argument<string> name = new("name") { Description = "Name of the endpoint." };
    private readonly Option<string?> connectionString = new("--connection-string-from")
    {
        Description = "File whose one line is the connection string: Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…;EntityPath=…, or a storage account's; - reads the input.",
        HelpName = "file",
    };

    private readonly Option<string?> container = new("--container-name", "--container") { Description = "Container of the storage account.", HelpName = "name" };
    private readonly Option<string?> format = new("--file-name-format", "--ff") { Description = "Names of the blobs. Default: {iothub}/{partition}/{YYYY}/{MM}/{DD}/{HH}/{mm}.", HelpName = "format" };
    private readonly Option<int?> frequency = new("--batch-frequency", "-b") { Description = "Seconds for which events are gathered for a blob, 60–720. Default: 300.", HelpName = "seconds" };
    private readonly Option<int?> chunk = new("--chunk-size", "-w") { Description = "MiB at which a blob is written before that, 10–500. Default: 300.", HelpName = "MiB" };
    private readonly Option<string?> encoding = Words.OneOf(new Option<string?>("--encoding") { Description = "avro (default), avrodeflate or json.", HelpName = "form" }, "avro", "avrodeflate", "json");
    private readonly Option<string?> url = new("--url") { Description = "https address of the webhook. One with a key in its query: --url-from.", HelpName = "url" };
    private readonly Option<string?> urlFrom = new("--url-from") { Description = "File whose one line is the address of the webhook; - reads the input.", HelpName = "file" };
    private readonly Option<string?> secret = new("--secret-from") { Description = "File whose one line is the key of the webhook's signatures, 16–256 characters; - reads the input.", HelpName = "file" };
    private readonly Option<string?> etag = new("--etag") { Description = "Only if this is still the ETag of the hub's routing.", HelpName = "etag" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new EndpointCommands(shell);
        return Shell.Group("message-endpoint", "Custom endpoints: where routes lead beside events.", commands.Create, commands.List, commands.Show, commands.Update, commands.Delete, DeadLetterCommands.Group(shell));
    }

    private IEnumerable<Symbol> Settings => [connectionString, container, format, frequency, chunk, encoding, url, urlFrom, secret];

    private Command Create => shell.Command(
        "create",
        "Makes an endpoint.",
        [
            "gatehouse message-endpoint create servicebus-queue alarms --connection-string-from alarms.txt",
            "gatehouse message-endpoint create storage-container archive --connection-string-from account.txt --container-name events --encoding json",
            "openssl rand -hex 32 > hook.key && gatehouse message-endpoint create webhook hook --url https://example.com/hook --secret-from hook.key",
        ],
        [type, name, .. Settings],
        async call =>
        {
            if (await call.Hub.FindAsync(Path(call), call.Cancellation) is not null)
            {
                throw new CliException($"there is an endpoint '{call.Value(name)}' already. 'gatehouse message-endpoint update' changes it.");
            }

            var body = new JsonObject { ["type"] = Types[call.Value(type)] };
            await FillAsync(call, body);
            var saved = await call.Hub.PutAsync(Path(call), body, null, call.Cancellation);
            return call.Answer(saved, terminal => terminal.Line($"endpoint '{call.Value(name)}' created. Next: gatehouse message-route create NAME --endpoint-name {call.Value(name)}"));
        });

    private Command List => shell.Command("list", "Lists the custom endpoints.", ["gatehouse message-endpoint list"], [], async call =>
    {
        var found = (await call.Hub.GetAsync(HubPath.Operator("routing", "endpoints"), call.Cancellation))["value"]!.AsArray();
        return call.Answer(found.DeepClone(), terminal => terminal.Table(["endpoint", "type", "where"], found.Select(endpoint => new[] { (string?)endpoint!["name"], (string?)endpoint["type"], Where(endpoint) })));
    });

    private Command Show => shell.Command("show", "Shows an endpoint, its secrets masked.", ["gatehouse message-endpoint show alarms"], [name], async call =>
    {
        var found = await call.Hub.GetAsync(Path(call), call.Cancellation);
        return call.Answer(found, terminal => terminal.Facts(
            ("endpoint", (string?)found["name"]),
            ("type", (string?)found["type"]),
            ("where", Where(found)),
            ("container", (string?)found["containerName"]),
            ("blob names", (string?)found["fileNameFormat"]),
            ("encoding", (string?)found["encoding"]),
            ("batch frequency", found["batchFrequencyInSeconds"] is { } seconds ? $"{seconds} s" : null),
            ("chunk size", found["maxChunkSizeInBytes"] is { } bytes ? $"{bytes} bytes" : null)));
    });

    private Command Update => shell.Command(
        "update", "Changes what is named of an endpoint; the rest, its queue included, stays.", ["gatehouse message-endpoint update alarms --connection-string-from new.txt"], [name, .. Settings, etag], async call =>
        {
            var endpoint = (await call.Hub.GetAsync(Path(call), call.Cancellation)).AsObject();
            await FillAsync(call, endpoint);
            var saved = await call.Hub.PutAsync(Path(call), endpoint, call.Value(etag), call.Cancellation);
            return call.Answer(saved, terminal => terminal.Line($"endpoint '{call.Value(name)}' updated."));
        });

    private Command Delete => shell.Command("delete", "Deletes an endpoint with what waits for it and its dead letters.", ["gatehouse message-endpoint delete alarms"], [name, etag], async call =>
    {
        await call.Hub.DeleteAsync(Path(call), call.Value(etag), call.Cancellation);
        return call.Answer(new JsonObject { ["deleted"] = call.Value(name) }, terminal => terminal.Line($"endpoint '{call.Value(name)}' deleted."));
    });

    private static string? Where(JsonNode endpoint) => (string?)endpoint["url"] ?? (string?)endpoint["connectionString"];

    private async Task FillAsync(Call call, JsonObject body)
    {
        await FillFromAsync(call, body, "connectionString", connectionString);
        await FillFromAsync(call, body, "url", urlFrom);
        await FillFromAsync(call, body, "secret", secret);
        Fill(body, "url", call.Value(url));
        Fill(body, "containerName", call.Value(container));
        Fill(body, "fileNameFormat", call.Value(format));
        Fill(body, "batchFrequencyInSeconds", call.Value(frequency));
        Fill(body, "maxChunkSizeInBytes", call.Value(chunk) is { } mebibytes ? mebibytes * 1048576L : null);
        Fill(body, "encoding", call.Value(encoding));
    }

    private static async Task FillFromAsync(Call call, JsonObject body, string property, Option<string?> option)
    {
        if (call.Value(option) is { } path)
        {
            body[property] = await SecretFile.ReadAsync(call, path, option.Name);
        }
    }

    private static void Fill(JsonObject body, string property, JsonNode? value)
    {
        if (value is not null)
        {
            body[property] = value;
        }
    }

    private HubPath Path(Call call) => HubPath.Operator("routing", "endpoints", call.Value(name));
}
