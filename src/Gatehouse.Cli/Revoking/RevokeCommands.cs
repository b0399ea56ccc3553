using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Revoking;

/// <summary>The group <c>revoke</c>: what is no longer let in, with whoever is connected by it.</summary>
internal sealed class RevokeCommands(Shell shell)
{
    private const int ThumbprintDigits = 64;
    private const int MostListed = 1_000;

    private readonly RevocationOptions options = new();
    private readonly Argument<string?> certificate = new("certificate") { Description = "PEM or DER file, or the SHA-256 in hexadecimal (colons are dropped).", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> issuer = new("--issuer") { Description = "PEM or DER file of the CA that issued it, with --serial: for a certificate that you do not have.", HelpName = "file" };
    private readonly Option<string?> serial = new("--serial") { Description = "Its serial number, hexadecimal.", HelpName = "hex" };
    private readonly Argument<string> key = new("key") { Description = "PEM or DER file of a certificate that the key stands in, or the SHA-256 of its SubjectPublicKeyInfo in hexadecimal." };
    private readonly Argument<string> authority = new("issuer") { Description = "PEM or DER file of the CA's certificate, or its name in the hub." };
    private readonly Argument<string> mark = new("entry") { Description = "The entry: 64 hexadecimal digits, as 'revoke list' shows it." };
    private readonly Option<bool> mistake = new("--mistake") { Description = "Take back an entry that is final, because it was a mistake; the audit log says so." };
    private readonly Option<int> max = new("--max") { Description = $"At most so many, the newest; 1–{MostListed}, default 100.", HelpName = "number", DefaultValueFactory = _ => 100 };
    private readonly Option<long?> before = new("--before") { Description = "Only entries before this sequence number.", HelpName = "number" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new RevokeCommands(shell);
        return Shell.Group(
            "revoke",
            "Certificates, keys, issuers, TPMs, devices and groups that are no longer let in, and the list of them.",
            commands.Certificate,
            commands.Key,
            commands.Issuer,
            new RevokeTpm(shell).Command,
            new RevokeDevice(shell).Command,
            new RevokeGroup(shell).Command,
            commands.List,
            commands.Undo);
    }

    private Command Certificate => shell.Command(
        "certificate",
        "Revokes one certificate; devices that are connected by it are cut off at once.",
        [
            "gatehouse revoke certificate sensor-1.pem --reason keyCompromise --note \"laptop lost\"",
            "gatehouse revoke certificate sensor-1.pem --drill",
            "gatehouse revoke certificate --issuer plant-7.pem --serial 0A:1B:2C --reason certificateHold",
        ],
        [certificate, issuer, serial, .. options.Symbols],
        async call => options.Answer(call, await options.SendAsync(call, await ReadCertificateAsync(call)), "The certificate"));

    private Command Key => shell.Command(
        "key",
        "Revokes a public key, in whatever certificates it stands.",
        ["gatehouse revoke key sensor-1.pem --reason keyCompromise"],
        [key, .. options.Symbols],
        async call =>
        {
            var body = new JsonObject { ["kind"] = "key" };
            await NameAsync(call, call.Value(key), body, "publicKey");
            return options.Answer(call, await options.SendAsync(call, body), "The key");
        });

    private Command Issuer => shell.Command(
        "issuer",
        "Revokes a CA and all that it issued, itself or through CAs below it.",
        ["gatehouse revoke issuer plant-7 --drill", "gatehouse revoke issuer plant-7-line-3.pem --reason caCompromise"],
        [authority, .. options.Symbols],
        async call =>
        {
            var body = new JsonObject { ["kind"] = "issuer" };
            if (File.Exists(call.Value(authority)))
            {
                body["certificate"] = await ReadAsync(call.Value(authority), call.Cancellation);
            }
            else
            {
                body["caName"] = call.Value(authority);
            }

            return options.Answer(call, await options.SendAsync(call, body), "The issuer");
        });

    private Command List => shell.Command("list", "Lists what is revoked, the newest first.", ["gatehouse revoke list", "gatehouse revoke list --max 1000 --json"], [max, before], async call =>
    {
        if (call.Value(max) is < 1 or > MostListed)
        {
            throw CliException.Usage($"--max: 1–{MostListed} is allowed.");
        }

        var path = HubPath.Operator("revocations").With("max", call.Value(max).ToString(CultureInfo.InvariantCulture)).With("before", call.Value(before)?.ToString(CultureInfo.InvariantCulture));
        var entries = (await call.Hub.GetAsync(path, call.Cancellation))["value"]!.AsArray();
        return call.Answer(entries.DeepClone(), terminal =>
        {
            if (entries.Count == 0)
            {
                terminal.Note("Nothing is revoked.");
                return;
            }

            terminal.Table(["sequence", "kind", "subject", "reason", "time", "by", "note", "entry"], entries.Select(each => new[]
            {
                Text(each!["sequence"]), Text(each["kind"]), Text(each["subject"]) ?? Text(each["serialNumber"]), Text(each["reason"]),
                ReadableTime.Of(each["time"]), Text(each["actor"]), Text(each["note"]), Text(each["mark"]),
            }));
        });
    });

    private Command Undo => shell.Command(
        "undo",
        "Takes an entry off the list: a certificateHold, or with --mistake any.",
        ["gatehouse revoke undo 4F0C…", "gatehouse revoke undo 4F0C… --mistake"],
        [mark, mistake],
        async call =>
        {
            var path = HubPath.Operator("revocations", Plain(call.Value(mark))).With("mistake", call.Value(mistake) ? "true" : null);
            var undone = await call.Hub.DeleteAsync(path, null, call.Cancellation);
            return call.Answer(undone, terminal => terminal.Line($"{undone["kind"]} {undone["mark"]} is no longer revoked."));
        });

    internal static async Task<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        using var read = await CredentialOptions.ReadCertificateAsync(path, cancellationToken);
        return Convert.ToBase64String(read.RawData);
    }

    private async Task<JsonObject> ReadCertificateAsync(Call call)
    {
        var body = new JsonObject { ["kind"] = "certificate" };
        var bySerial = call.Value(issuer) is not null || call.Value(serial) is not null;
        if (call.Value(certificate) is null != bySerial || (bySerial && (call.Value(issuer) is null || call.Value(serial) is null)))
        {
            throw CliException.Usage("name the certificate by a file or its SHA-256, or by --issuer FILE and --serial HEX together.");
        }

        if (bySerial)
        {
            (body["issuerCertificate"], body["serialNumber"]) = (await ReadAsync(call.Value(issuer)!, call.Cancellation), call.Value(serial));
            return body;
        }

        await NameAsync(call, call.Value(certificate)!, body, "thumbprint");
        return body;
    }

    // A file of that name goes first; who has one that is named like a hash writes ./ before it.
    private static async Task NameAsync(Call call, string text, JsonObject body, string hash)
    {
        if (!File.Exists(text) && Plain(text) is { Length: ThumbprintDigits } digits && digits.All(char.IsAsciiHexDigit))
        {
            body[hash] = digits;
            return;
        }

        body["certificate"] = await ReadAsync(text, call.Cancellation);
    }

    private static string Plain(string hex) => hex.Replace(":", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();

    private static string? Text(JsonNode? node) => IdentityView.Text(node);
}
