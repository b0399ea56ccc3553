using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Enrollments;

/// <summary>The group <c>enrollment policy</c>: credential policies, by which devices that register are issued certificates.</summary>
internal sealed class CredentialPolicyCommands(Shell shell)
{
    private readonly Argument<string> name = new("name") { Description = "Name of the credential policy." };
    private readonly Option<int?> days = new("--validity-days") { Description = "Days that a certificate is good for, 1 to 3650; it ends no later than the CA. Default: 30.", HelpName = "days" };
    private readonly Option<string[]?> keyTypes = new("--key-types") { Description = "Keys that devices may have: ec-p256, ec-p384, ec-p521, rsa (2048 to 4096 bits). Default: ec-p256 ec-p384.", HelpName = "type", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> certificate = new("--certificate") { Description = "A CA of your own that issues the certificates, PEM or DER. Default: the server makes one.", HelpName = "file" };
    private readonly Option<string?> privateKeyFrom = new("--private-key-from") { Description = "File with its private key, PKCS #8 in PEM without a password; - reads the input.", HelpName = "file" };
    private readonly Option<string?> signingKey = new("--signing-key") { Description = "The CA's key lies in a key store of the server (gatehouse key create --use signing). Without --certificate the server makes a root of it.", HelpName = "key" };
    private readonly Option<bool> newAuthority = new("--new-authority") { Description = "The server makes a new CA. What was issued goes on until it ends." };
    private readonly Option<bool> pem = new("--pem") { Description = "Print the CA's certificate and nothing else." };
    private readonly Option<string?> etag = new("--etag", "-e") { Description = "Only if this is still the ETag. Default: the ETag just read.", HelpName = "etag" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new CredentialPolicyCommands(shell);
        return Shell.Group(
            "policy",
            "Credential policies: which CA issues certificates to devices that register with a CSR, for how long and for which keys.",
            commands.Create,
            commands.Update,
            commands.List,
            commands.Show,
            commands.Delete);
    }

    private Command Create => shell.Command(
        "create",
        "Makes a credential policy, with a CA that the server makes or one of yours.",
        [
            "gatehouse enrollment policy create fleet",
            "gatehouse enrollment policy create fleet --validity-days 14 --key-types ec-p256 rsa",
            "gatehouse enrollment policy create plant-7 --certificate issuing-ca.pem --private-key-from issuing-ca.key",
            "gatehouse enrollment policy create plant-8 --signing-key 'pkcs11:token=plant;object=issuing' --certificate issuing-ca.pem",
        ],
        [name, days, keyTypes, certificate, privateKeyFrom, signingKey],
        async call =>
        {
            var made = await call.Provisioning.PutAsync(Path(call), await BodyAsync(call), null, call.Cancellation);
            return call.Answer(made, terminal =>
            {
                terminal.Line($"credential policy '{call.Value(name)}' created: {Authority(made)}.");
                terminal.Note($"Next: gatehouse enrollment update ENROLLMENT --credential-policy {call.Value(name)}");
            });
        });

    private Command Update => shell.Command(
        "update",
        "Changes what is named of a credential policy; the rest stays. A new CA ends nothing that the one before has issued.",
        ["gatehouse enrollment policy update fleet --validity-days 7", "gatehouse enrollment policy update fleet --new-authority"],
        [name, days, keyTypes, certificate, privateKeyFrom, signingKey, newAuthority, etag],
        async call =>
        {
            var body = await BodyAsync(call);
            if (body.Count == 0)
            {
                throw CliException.Usage("nothing is named to change. See 'gatehouse enrollment policy update --help'.");
            }

            var saved = await call.Provisioning.PutAsync(Path(call), body, await EtagAsync(call), call.Cancellation);
            return call.Answer(saved, terminal => terminal.Line($"credential policy '{call.Value(name)}' updated: {Authority(saved)}."));
        });

    private Command List => shell.Command("list", "Lists the credential policies.", ["gatehouse enrollment policy list"], [], async call =>
    {
        var found = (await call.Provisioning.GetAsync(HubPath.Provisioning("credentialPolicies"), call.Cancellation))["value"]!.AsArray();
        return call.Answer(found.DeepClone(), terminal =>
        {
            if (found.Count == 0)
            {
                terminal.Note("no credential policies. Make one: gatehouse enrollment policy create fleet");
                return;
            }

            terminal.Table(["policy", "days", "keys", "CA", "CA until"], found.Select(each => (IEnumerable<string?>)[
                Text(each!["name"]), Text(each["validityDays"]), KeyTypes(each), Text(each["certificateInfo"]!["subjectName"]), ReadableTime.Of(each["certificateInfo"]!["notAfterUtc"])]));
        });
    });

    private Command Show => shell.Command("show", "Shows a credential policy.", ["gatehouse enrollment policy show fleet", "gatehouse enrollment policy show fleet --pem > fleet-ca.pem"], [name, pem], async call =>
    {
        var found = await call.Provisioning.GetAsync(Path(call), call.Cancellation);
        return call.Answer(found, terminal =>
        {
            if (call.Value(pem))
            {
                foreach (var line in PemEncoding.WriteString("CERTIFICATE", Convert.FromBase64String((string)found["certificate"]!)).Split('\n'))
                {
                    terminal.Line(line);
                }

                return;
            }

            var info = found["certificateInfo"]!;
            terminal.Facts(
                ("credential policy", Text(found["name"])),
                ("validity", $"{found["validityDays"]} days"),
                ("keys", KeyTypes(found)),
                ("CA", Text(info["subjectName"])),
                ("CA issued by", Text(info["issuerName"])),
                ("CA until", ReadableTime.Of(info["notAfterUtc"])),
                ("CA SHA-256", Text(info["sha256Thumbprint"])),
                ("CA key", Text(found["signingKey"]) ?? "sealed in the store"),
                ("created", ReadableTime.Of(found["createdDateTimeUtc"])),
                ("updated", ReadableTime.Of(found["lastUpdatedDateTimeUtc"])),
                ("etag", Text(found["etag"])));
        });
    });

    private Command Delete => shell.Command(
        "delete",
        "Deletes a credential policy and the key of its CA; certificates that it issued go on until they end.",
        ["gatehouse enrollment policy delete fleet"],
        [name, etag],
        async call =>
        {
            await call.Provisioning.DeleteAsync(Path(call), await EtagAsync(call), call.Cancellation);
            return call.Answer(new JsonObject { ["deleted"] = call.Value(name) }, terminal => terminal.Line($"credential policy '{call.Value(name)}' deleted. What it issued goes on until it ends."));
        });

    private async Task<JsonObject> BodyAsync(Call call)
    {
        var (isCertified, hasKey, isStored) = (call.Value(certificate) is not null, call.Value(privateKeyFrom) is not null, call.Value(signingKey) is not null);
        if (hasKey ? !isCertified || isStored : isCertified && !isStored)
        {
            throw CliException.Usage($"{certificate.Name} goes with {privateKeyFrom.Name} or {signingKey.Name}; {privateKeyFrom.Name} with {certificate.Name} alone.");
        }

        var body = new JsonObject();
        if (call.Value(days) is { } number)
        {
            body["validityDays"] = number;
        }

        if (call.Value(keyTypes) is { Length: > 0 } types)
        {
            body["keyTypes"] = new JsonArray([.. types.SelectMany(each => each.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Select(each => JsonValue.Create(each))]);
        }

        if (call.Value(newAuthority))
        {
            body["newAuthority"] = true;
        }

        if (call.Value(signingKey) is { } stored)
        {
            body["signingKey"] = stored;
        }

        if (call.Value(certificate) is { } path)
        {
            using var loaded = await CredentialOptions.ReadCertificateAsync(path, call.Cancellation);
            body["certificate"] = Convert.ToBase64String(loaded.RawData);
            if (call.Value(privateKeyFrom) is { } from)
            {
                body["privateKey"] = from is "-" ? await call.Surroundings.Input.ReadToEndAsync(call.Cancellation) : await InputFile.ReadTextAsync(from, call.Cancellation);
            }
        }

        return body;
    }

    private async Task<string?> EtagAsync(Call call) => call.Value(etag) ?? (string?)(await call.Provisioning.GetAsync(Path(call), call.Cancellation))["etag"];

    private HubPath Path(Call call) => HubPath.Provisioning("credentialPolicies", call.Value(name));

    private static string Authority(JsonNode policy) =>
        $"certificates for {policy["validityDays"]} days by {Text(policy["certificateInfo"]!["subjectName"])} (SHA-256 {Text(policy["certificateInfo"]!["sha256Thumbprint"])}), keys {KeyTypes(policy)}";

    private static string KeyTypes(JsonNode policy) => string.Join(", ", policy["keyTypes"]!.AsArray().Select(each => (string?)each));

    private static string? Text(JsonNode? node) => IdentityView.Text(node);
}
