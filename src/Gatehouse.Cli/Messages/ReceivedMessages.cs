using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Messages;

/// <summary>Messages taken in a device's place, over HTTPS as devices do it: needs a policy with DeviceConnect. Words as in <c>az iot device c2d-message</c>.</summary>
internal sealed class ReceivedMessages(Shell shell)
{
    private const string AppPrefix = "iothub-app-";

    private readonly IdentityTarget target = new(isModule: false);
    private readonly Option<int> lockTimeout = new("--lock-timeout", "--lt") { Description = "Seconds for which the message is held, 1–300. Default 60.", HelpName = "seconds", DefaultValueFactory = _ => 60 };
    private readonly Option<bool> complete = new("--complete") { Description = "Complete it at once." };
    private readonly Option<bool> abandon = new("--abandon") { Description = "Abandon it at once: it comes again." };
    private readonly Option<bool> reject = new("--reject") { Description = "Reject it at once." };
    private readonly Option<string> etag = new("--etag", "-e") { Description = "The message's etag, from receive.", HelpName = "etag", Required = true };

    internal IEnumerable<Command> Commands =>
    [
        Receive,
        Settle("complete", "Completes a message that was received.", "completed"),
        Settle("abandon", "Gives a message back that was received: it comes again.", "abandoned"),
        Settle("reject", "Rejects a message that was received.", "rejected"),
    ];

    private Command Receive => shell.Command(
        "receive",
        "Takes the next message that waits for a device, in its place.",
        ["gatehouse device c2d-message receive sensor-1", "gatehouse device c2d-message receive sensor-1 --complete"],
        [.. target.Symbols, lockTimeout, complete, abandon, reject],
        async call =>
        {
            if (call.Value(lockTimeout) is < 1 or > 300)
            {
                throw CliException.Usage("--lock-timeout: 1 to 300 seconds.");
            }

            string[] ends = [.. new[] { ("complete", call.Value(complete)), ("abandon", call.Value(abandon)), ("reject", call.Value(reject)) }.Where(each => each.Item2).Select(each => each.Item1)];
            if (ends.Length > 1)
            {
                throw CliException.Usage("only one of --complete, --abandon and --reject.");
            }

            var device = target.Device(call).Value;
            var path = HubPath.Service("devices", device, "messages", "deviceBound").With("iothub-messagelocktimeout", call.Value(lockTimeout).ToString(CultureInfo.InvariantCulture));
            if (await call.Hub.ReceiveAsync(path, call.Cancellation) is not { } received)
            {
                call.Terminal.Note($"no message waits for device '{device}'.");
                return ExitCode.Ok;
            }

            var message = Document(received.Body, received.Headers);
            foreach (var end in ends)
            {
                await SettleAsync(call, end, (string)message["etag"]!);
            }

            return call.Answer(message, terminal => terminal.Facts(
                ("etag", (string?)message["etag"]),
                ("message id", (string?)message["messageId"]),
                ("enqueued", (string?)message["enqueuedTime"]),
                ("deliveries", (string?)message["deliveryCount"]),
                ("ack", (string?)message["ack"]),
                ("content type", (string?)message["contentType"]),
                ("properties", message["properties"] is JsonObject { Count: > 0 } properties ? properties.ToJsonString(Output.SafeJson.Line) : null),
                ("data", (string?)message["data"])));
        });

    private HubCommand Settle(string name, string description, string done) => shell.Command(
        name,
        description,
        [$"gatehouse device c2d-message {name} sensor-1 --etag 3f2b…"],
        [.. target.Symbols, etag],
        async call =>
        {
            await SettleAsync(call, name, call.Value(etag)!);
            return call.Answer(new JsonObject { [done] = call.Value(etag) }, terminal => terminal.Line($"message {done}."));
        });

    private Task<JsonNode> SettleAsync(Call call, string end, string lockToken)
    {
        string[] segments = ["devices", target.Device(call).Value, "messages", "deviceBound", lockToken.Trim('"')];
        return end switch
        {
            "abandon" => call.Hub.PostAsync(HubPath.Service([.. segments, "abandon"]), null, null, call.Cancellation),
            "reject" => call.Hub.DeleteAsync(HubPath.Service(segments).With("reject", ""), null, call.Cancellation),
            _ => call.Hub.DeleteAsync(HubPath.Service(segments), null, call.Cancellation),
        };
    }

    private static JsonObject Document(byte[] body, IReadOnlyDictionary<string, string> headers)
    {
        string? Of(string name) => headers.GetValueOrDefault(name);
        var properties = new JsonObject();
        foreach (var (name, value) in headers.Where(header => header.Key.StartsWith(AppPrefix, StringComparison.OrdinalIgnoreCase)))
        {
            properties[name[AppPrefix.Length..]] = value;
        }

        return new JsonObject
        {
            ["etag"] = Of("ETag")?.Trim('"'),
            ["messageId"] = Of("iothub-messageid"),
            ["correlationId"] = Of("iothub-correlationid"),
            ["userId"] = Of("iothub-userid"),
            ["sequenceNumber"] = Of("iothub-sequencenumber"),
            ["enqueuedTime"] = Of("iothub-enqueuedtime"),
            ["expiry"] = Of("iothub-expiry"),
            ["deliveryCount"] = Of("iothub-deliverycount"),
            ["ack"] = Of("iothub-ack"),
            ["contentType"] = Of("iothub-contenttype"),
            ["contentEncoding"] = Of("iothub-contentencoding"),
            ["properties"] = properties,
            ["data"] = Encoding.UTF8.GetString(body),
        };
    }
}
