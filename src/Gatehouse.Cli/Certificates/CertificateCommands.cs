using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Certificates;

/// <summary>The groups <c>certificate</c> and <c>dps certificate</c>: CA certificates under which devices prove themselves to the hub, or to the provisioning service.</summary>
internal sealed class CertificateCommands(Shell shell, bool isOfProvisioning)
{
    private readonly string words = isOfProvisioning ? "gatehouse dps certificate" : "gatehouse certificate";
    private readonly Argument<string> name = new("name") { Description = "Name of the CA certificate." };
    private readonly Argument<string> file = new("file") { Description = "The CA certificate, PEM or DER." };
    private readonly Option<bool> verified = new("--verified") { Description = "Trust it without a proof that you hold its key; the audit log says so." };
    private readonly Option<bool> replace = new("--replace") { Description = "Replace the certificate of that name." };
    private readonly Option<bool> codeOnly = new("--code-only") { Description = "Print the code and nothing else." };
    private readonly Option<string?> proof = new("--certificate") { Description = "The proof: a certificate that the CA signed and whose only CN is the code.", HelpName = "file" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new CertificateCommands(shell, isOfProvisioning: false);
        var inventory = new InventoryCommands(shell);
        return Shell.Group(
            "certificate",
            "CA certificates that devices' certificates lead to, the server's own, and the inventory of all.",
            commands.Add,
            commands.Verify,
            commands.List,
            commands.Show,
            commands.Delete,
            inventory.Inventory,
            inventory.Forecast,
            inventory.Alarms,
            ServerCertificateCommands.Group(shell));
    }

    internal static HubCommand ProvisioningGroup(Shell shell)
    {
        var commands = new CertificateCommands(shell, isOfProvisioning: true);
        return Shell.Group("certificate", "CA certificates of the provisioning service, which enrollment groups name.", commands.Add, commands.Verify, commands.List, commands.Show, commands.Delete);
    }

    private Command Add => shell.Command(
        "add",
        "Uploads a CA certificate; it counts once it is verified.",
        [$"{words} add plant-7 plant-7.pem", $"{words} add plant-7 plant-7-new.pem --replace"],
        [name, file, verified, replace],
        AddAsync);

    private Command Verify => shell.Command(
        "verify",
        "Proves that you hold the CA's key: asks for a code, or sends the certificate made for it.",
        [
            $"code=$({words} verify plant-7 --code-only)",
            "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout proof.key -subj \"/CN=$code\" -out proof.csr",
            "echo basicConstraints=CA:FALSE > leaf.ext",
            "openssl x509 -req -in proof.csr -extfile leaf.ext -CA plant-7.pem -CAkey plant-7.key -CAcreateserial -days 1 -sha256 -out proof.pem",
            $"{words} verify plant-7 --certificate proof.pem",
        ],
        [name, codeOnly, proof],
        VerifyAsync);

    private Command List => shell.Command("list", "Lists the CA certificates.", [$"{words} list"], [], async call =>
    {
        var found = await Client(call).GetAsync(PathOf(), call.Cancellation);
        return call.Answer(found["value"]!.DeepClone(), terminal =>
        {
            if (found["value"]!.AsArray().Count == 0)
            {
                terminal.Note("There are no CA certificates yet. Add one: " + words + " add NAME FILE");
                return;
            }

            terminal.Table(["name", "verified", "subject", "expiry"], found["value"]!.AsArray().Select(each =>
                new[] { Text(each!["name"]), Verified(each), Text(each["properties"]!["subject"]), ReadableTime.Of(each["properties"]!["expiry"]) }));
        });
    });

    private Command Show => shell.Command("show", "Shows a CA certificate.", [$"{words} show plant-7"], [name], async call =>
    {
        var found = await Client(call).GetAsync(Path(call), call.Cancellation);
        var properties = found["properties"]!;
        return call.Answer(found, terminal => terminal.Facts(
            ("name", Text(found["name"])),
            ("verified", Verified(found)),
            ("subject", Text(properties["subject"])),
            ("expiry", ReadableTime.Of(properties["expiry"])),
            ("SHA-1", Text(properties["thumbprint"])),
            ("SHA-256", Text(properties["thumbprintSha256"])),
            ("created", ReadableTime.Of(properties["created"])),
            ("updated", ReadableTime.Of(properties["updated"])),
            ("etag", Text(found["etag"]))));
    });

    private Command Delete => shell.Command(
        "delete", isOfProvisioning ? "Deletes a CA certificate: nobody registers by it any more, also where a group names it." : "Deletes a CA certificate; devices that stand on it are cut off at once.", [$"{words} delete plant-7"], [name], async call =>
        {
            var found = await Client(call).GetAsync(Path(call), call.Cancellation);
            await Client(call).DeleteAsync(Path(call), (string?)found["etag"], call.Cancellation);
            return call.Answer(new JsonObject { ["deleted"] = call.Value(name) }, terminal => terminal.Line($"certificate '{call.Value(name)}' deleted."));
        });

    private async Task<int> AddAsync(Call call)
    {
        using var certificate = await CredentialOptions.ReadCertificateAsync(call.Value(file), call.Cancellation);
        var body = new JsonObject
        {
            ["properties"] = new JsonObject { ["certificate"] = Convert.ToBase64String(certificate.RawData), ["isVerified"] = call.Value(verified) },
        };
        var present = await Client(call).FindAsync(Path(call), call.Cancellation);
        if (present is not null && !call.Value(replace))
        {
            throw new CliException($"there is a certificate '{call.Value(name)}' already ({present["properties"]!["subject"]}). Choose another name, or replace it with --replace.");
        }

        var saved = await Client(call).PutAsync(Path(call), body, (string?)present?["etag"], call.Cancellation);
        var isVerified = (bool)saved["properties"]!["isVerified"]!;
        return call.Answer(saved, terminal => terminal.Line(
            $"certificate '{call.Value(name)}' {(present is null ? "added" : "replaced")}: {saved["properties"]!["subject"]}, {(isVerified ? "verified without proof." : $"not verified. Next: {words} verify {call.Value(name)}")}"));
    }

    private async Task<int> VerifyAsync(Call call)
    {
        if (call.Value(codeOnly) && call.Value(proof) is not null)
        {
            throw CliException.Usage("--code-only asks for a code and --certificate answers one: give one of them.");
        }

        var bytes = call.Value(proof) is { } path ? await ReadProofAsync(path, call.Cancellation) : null;
        var etag = (string?)(await Client(call).GetAsync(Path(call), call.Cancellation))["etag"];
        return bytes is null ? await AskCodeAsync(call, etag) : await ProveAsync(call, bytes, etag);
    }

    private async Task<int> AskCodeAsync(Call call, string? etag)
    {
        var answer = await Client(call).PostAsync(PathOf(call.Value(name), "generateVerificationCode"), null, etag, call.Cancellation);
        var code = (string)answer["properties"]!["verificationCode"]!;
        return call.Answer(answer, terminal =>
        {
            terminal.Line(code);
            if (!call.Value(codeOnly))
            {
                terminal.Note($"Sign a certificate whose only CN is this code with the CA's key, then: {words} verify {call.Value(name)} --certificate FILE");
                terminal.Note($"The openssl commands for it are in: {words} verify --help");
            }
        });
    }

    private async Task<int> ProveAsync(Call call, string certificate, string? etag)
    {
        var body = new JsonObject { ["certificate"] = certificate };
        var answer = await Client(call).PostAsync(PathOf(call.Value(name), "verify"), body, etag, call.Cancellation);
        return call.Answer(answer, terminal => terminal.Line(isOfProvisioning
            ? $"certificate '{call.Value(name)}' is verified: enrollment groups may name it (gatehouse enrollment create GROUP --group --ca-name {call.Value(name)})."
            : $"certificate '{call.Value(name)}' is verified: devices whose certificates lead to it may connect (--auth-method x509_ca)."));
    }

    private static async Task<string> ReadProofAsync(string path, CancellationToken cancellationToken)
    {
        using var certificate = await CredentialOptions.ReadCertificateAsync(path, cancellationToken);
        return Convert.ToBase64String(certificate.RawData);
    }

    private HubClient Client(Call call) => isOfProvisioning ? call.Provisioning : call.Hub;

    private HubPath Path(Call call) => PathOf(call.Value(name));

    private HubPath PathOf(params IEnumerable<string> more) => isOfProvisioning ? HubPath.Provisioning(["certificates", .. more]) : HubPath.Operator(["certificates", .. more]);

    private static string Verified(JsonNode certificate) => (bool)certificate["properties"]!["isVerified"]! ? "yes" : "no";

    private static string? Text(JsonNode? node) => IdentityView.Text(node);
}
