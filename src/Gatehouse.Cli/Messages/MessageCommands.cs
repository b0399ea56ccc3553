using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Messages;

/// <summary>The group <c>device c2d-message</c>: messages to devices. Words as in <c>az iot device c2d-message</c>, but for <c>--data</c>, which names the data directory here.</summary>
internal sealed class MessageCommands(Shell shell)
{
    private readonly IdentityTarget target = new(isModule: false);
    private readonly Option<string> body = new("--body", "-b", "--da") { Description = "The message, text in UTF-8.", HelpName = "text", DefaultValueFactory = _ => "Ping from Gatehouse" };
    private readonly Option<string?> dataFile = new("--data-file-path", "--dfp") { Description = "A file with the message, sent as it is.", HelpName = "file" };
    private readonly Option<string?> properties = new("--properties", "--props", "-p") { Description = "Application properties: key=value;key=value.", HelpName = "properties" };
    private readonly Option<string?> acknowledgement = Words.OneOf(
        new Option<string?>("--ack") { Description = "Of which outcomes feedback is wanted: positive, negative or full. Default: none.", HelpName = "ack" }, ["positive", "negative", "full"]);
    private readonly Option<string?> messageId = new("--message-id", "--mid") { Description = "Message id. Default: one of its own.", HelpName = "id" };
    private readonly Option<string?> correlationId = new("--correlation-id", "--cid") { Description = "Correlation id.", HelpName = "id" };
    private readonly Option<string?> userId = new("--user-id", "--uid") { Description = "User id.", HelpName = "id" };
    private readonly Option<string?> contentType = new("--content-type", "--ct") { Description = "Content type of the message.", HelpName = "type" };
    private readonly Option<string> contentEncoding = new("--content-encoding", "--ce") { Description = "Its encoding. Default utf-8.", HelpName = "encoding", DefaultValueFactory = _ => "utf-8" };
    private readonly Option<long?> expiry = new("--expiry-time-utc", "--expiry") { Description = "When it is of no use any more, milliseconds since 1970. Default: as the hub says.", HelpName = "ms" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new MessageCommands(shell);
        return Shell.Group("c2d-message", "Messages to devices.", [commands.Send, .. new ReceivedMessages(shell).Commands, commands.Purge]);
    }

    private Command Send => shell.Command(
        "send",
        "Sends a message to a device; it waits there until the device takes it.",
        ["gatehouse device c2d-message send sensor-1 --body \"hello\"", "gatehouse device c2d-message send sensor-1 --body '{\"on\":true}' --content-type application/json --ack full --properties room=12"],
        [.. target.Symbols, body, dataFile, properties, acknowledgement, messageId, correlationId, userId, contentType, contentEncoding, expiry],
        async call =>
        {
            var device = target.Device(call);
            var id = call.Value(messageId) ?? Guid.NewGuid().ToString();
            var headers = new List<KeyValuePair<string, string>> { new("iothub-messageid", id), new("iothub-contentencoding", call.Value(contentEncoding)!) };
            Add(headers, "iothub-correlationid", call.Value(correlationId));
            Add(headers, "iothub-userid", call.Value(userId));
            Add(headers, "iothub-contenttype", call.Value(contentType));
            Add(headers, "iothub-ack", call.Value(acknowledgement));
            Add(headers, "iothub-expiry", call.Value(expiry) is { } time ? TimeOf(time) : null);
            headers.AddRange(PropertiesOf(call.Value(properties)));
            await call.Hub.SendBytesAsync(HubPath.Service("devices", device.Value, "messages", "deviceBound"), await BodyAsync(call), headers, call.Cancellation);
            return call.Answer(new JsonObject { ["deviceId"] = device.Value, ["messageId"] = id }, terminal => terminal.Line($"message '{id}' waits for device '{device}'."));
        });

    private Command Purge => shell.Command(
        "purge",
        "Removes all messages that wait for a device.",
        ["gatehouse device c2d-message purge sensor-1"],
        target.Symbols,
        async call =>
        {
            var purged = await call.Hub.DeleteAsync(HubPath.Service("devices", target.Device(call).Value, "commands"), null, call.Cancellation);
            return call.Answer(purged, terminal => terminal.Line($"{purged["totalMessagesPurged"]} messages of device '{target.Device(call)}' removed."));
        });

    private async Task<byte[]> BodyAsync(Call call)
    {
        if (call.Value(dataFile) is not { } file)
        {
            return Encoding.UTF8.GetBytes(call.Value(body)!);
        }

        try
        {
            return await File.ReadAllBytesAsync(file, call.Cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage($"--data-file-path: {error.Message}");
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> PropertiesOf(string? text)
    {
        foreach (var pair in (text ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 || pair.AsSpan().ContainsAnyInRange('\0', '\u001f'))
            {
                throw CliException.Usage("--properties: key=value;key=value is expected.");
            }

            yield return new("iothub-app-" + pair[..at].Trim(), pair[(at + 1)..]);
        }
    }

    private static string TimeOf(long milliseconds) =>
        milliseconds is >= 0 and <= 253_402_300_799_999
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("o", CultureInfo.InvariantCulture)
            : throw CliException.Usage("--expiry-time-utc: milliseconds since 1970 are expected.");

    private static void Add(List<KeyValuePair<string, string>> headers, string name, string? value)
    {
        if (value is not null)
        {
            headers.Add(new(name, value));
        }
    }
}
