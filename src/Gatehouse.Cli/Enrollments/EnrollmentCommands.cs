using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Querying;

namespace Gatehouse.Cli.Enrollments;

/// <summary>The group <c>enrollment</c>: which devices the Device Provisioning Service lets in. Words as in <c>az iot dps enrollment</c> and <c>enrollment-group</c>.</summary>
internal sealed class EnrollmentCommands(Shell shell, EnrollmentTarget target)
{
    private readonly Option<bool> showKeys = new("--show-keys") { Description = "Show the keys too, and the whole address of a webhook." };
    private readonly Option<bool> groups = new("--group", "-g") { Description = "List the enrollment groups." };
    private readonly Option<string?> where = new("--where") { Description = "Only those that meet a condition, as in: provisioningStatus = 'disabled'.", HelpName = "condition" };
    private readonly Option<int?> top = new("--top") { Description = "At most so many. Default: all.", HelpName = "number" };
    private readonly Option<string?> etag = new("--etag", "-e") { Description = "Delete only if this is still the ETag. Default: whatever it is.", HelpName = "etag" };

    internal static HubCommand Group(Shell shell)
    {
        var target = new EnrollmentTarget();
        var commands = new EnrollmentCommands(shell, target);
        return Shell.Group(
            "enrollment",
            "Enrollments and enrollment groups: which devices the provisioning service lets in, and where they go.",
            new CreateEnrollment(shell, target).Command,
            commands.Show,
            commands.List,
            new UpdateEnrollment(shell, target).Command,
            commands.Delete,
            commands.Keys,
            new ComputeDeviceKey(shell).Command,
            new ComputeDeviceKeys(shell).Command,
            new RollEnrollment(shell, target).Command,
            new RequestAttestation(shell).Command,
            RegistrationCommands.Group(shell),
            CredentialPolicyCommands.Group(shell),
            new ListCertificates(shell).Command,
            new RevokeIssuedCertificate(shell).Command);
    }

    private Command Show => shell.Command("show", "Shows an enrollment or a group.", ["gatehouse enrollment show sensor-1", "gatehouse enrollment show plant-7 --group"], [.. target.Symbols, showKeys], async call =>
    {
        var enrollment = await call.Provisioning.GetAsync(target.Path(call), call.Cancellation);
        if (!call.Value(showKeys))
        {
            EnrollmentView.Masked(enrollment);
        }
        else if (AttestationWords.Of(enrollment) == AttestationWords.SymmetricKey)
        {
            enrollment["attestation"] = await ReadAttestationAsync(call, target);
        }

        return call.Answer(enrollment, terminal => EnrollmentView.Facts(terminal, enrollment));
    });

    private Command List => shell.Command(
        "list",
        "Lists the individual enrollments, or the groups.",
        ["gatehouse enrollment list", "gatehouse enrollment list --group", "gatehouse enrollment list --where \"provisioningStatus = 'disabled'\""],
        [groups, where, top],
        async call =>
        {
            var isGroup = call.Value(groups);
            var found = await QueryAsync(call, isGroup, call.Value(where), call.Value(top));
            return call.Answer(found, terminal =>
            {
                if (found.Count == 0)
                {
                    terminal.Note(isGroup ? "no enrollment groups. Make one: gatehouse enrollment create plant-7 --group" : "no individual enrollments. Make one: gatehouse enrollment create sensor-1");
                    return;
                }

                EnrollmentView.Table(terminal, found, isGroup);
            });
        });

    private Command Delete => shell.Command(
        "delete",
        "Deletes an enrollment or a group: nobody registers by it any more; devices that it let in stay in their hubs.",
        ["gatehouse enrollment delete sensor-1", "gatehouse enrollment delete plant-7 --group"],
        [.. target.Symbols, etag],
        async call =>
        {
            await call.Provisioning.DeleteAsync(target.Path(call), call.Value(etag), call.Cancellation);
            return call.Answer(new JsonObject { ["deleted"] = target.Id(call) }, terminal =>
                terminal.Line($"{target.Name(call)} deleted. Devices that it let in stay in their hubs; 'gatehouse device delete' cuts one off."));
        });

    private Command Keys => shell.Command("keys", "Prints the keys of an enrollment or a group.", ["gatehouse enrollment keys sensor-1", "gatehouse enrollment keys plant-7 --group"], target.Symbols, async call =>
    {
        var keys = await ReadKeysAsync(call, target);
        return call.Answer(keys.DeepClone(), terminal => terminal.Facts(("primary", (string?)keys["primaryKey"]), ("secondary", (string?)keys["secondaryKey"])));
    });

    internal static async Task<JsonArray> QueryAsync(Call call, bool isGroup, string? where, int? top)
    {
        if (top is < 1)
        {
            throw CliException.Usage("--top: a number from 1 on.");
        }

        var collection = EnrollmentTarget.Collection(isGroup);
        var query = new JsonObject { ["query"] = $"SELECT * FROM {collection}{(where is null ? "" : " WHERE " + where)}" };
        var found = new JsonArray();
        await foreach (var row in QueryPages.ReadAsync(call.Provisioning, HubPath.Provisioning(collection, "query"), query, top, call.Cancellation))
        {
            found.Add(EnrollmentView.Masked(row));
        }

        return found;
    }

    /// <summary>Both keys in clear.</summary>
    internal static async Task<JsonObject> ReadKeysAsync(Call call, EnrollmentTarget target)
    {
        var attestation = await ReadAttestationAsync(call, target);
        return attestation[AttestationWords.SymmetricKey] as JsonObject
            ?? throw new CliException($"{target.Name(call)} has no keys: it attests by {attestation["type"]}. 'gatehouse enrollment show {target.Words(call)}' shows by what.");
    }

    private static async Task<JsonNode> ReadAttestationAsync(Call call, EnrollmentTarget target) =>
        await call.Provisioning.PostAsync(target.Path(call, "attestationmechanism"), null, null, call.Cancellation);
}
