using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Querying;

namespace Gatehouse.Cli.Enrollments;

/// <summary>The group <c>enrollment registrations</c>: what became of devices that registered. Words as in <c>az iot dps enrollment registration</c>.</summary>
internal sealed class RegistrationCommands(Shell shell)
{
    private readonly Argument<string?> group = new("group") { Description = "Group through which the devices came. Default: those with an enrollment of their own.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Argument<string> registration = new("registration") { Description = "Registration id of the device." };
    private readonly Option<int?> top = new("--top") { Description = "At most so many. Default: all.", HelpName = "number" };
    private readonly Option<string?> etag = new("--etag", "-e") { Description = "Delete only if this is still the ETag. Default: whatever it is.", HelpName = "etag" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new RegistrationCommands(shell);
        return Shell.Group("registrations", "Registrations: which devices came, and which hub they got.", commands.List, commands.Show, commands.Delete);
    }

    private Command List => shell.Command(
        "list",
        "Lists the registrations through a group, or those of individual enrollments.",
        ["gatehouse enrollment registrations list plant-7", "gatehouse enrollment registrations list"],
        [group, top],
        async call =>
        {
            if (call.Value(top) is < 1)
            {
                throw CliException.Usage("--top: a number from 1 on.");
            }

            var found = call.Value(group) is { } id ? await OfGroupAsync(call, id, call.Value(top)) : await OfIndividualsAsync(call);
            return call.Answer(found, terminal =>
            {
                if (found.Count == 0)
                {
                    terminal.Note("no registrations. A device that was refused: gatehouse why REGISTRATION");
                    return;
                }

                EnrollmentView.Registrations(terminal, found);
            });
        });

    private Command Show => shell.Command("show", "Shows the registration of a device.", ["gatehouse enrollment registrations show sensor-1"], [registration], async call =>
    {
        var found = await call.Provisioning.GetAsync(Path(call), call.Cancellation);
        return call.Answer(found, terminal => EnrollmentView.RegistrationFacts(terminal, found));
    });

    private Command Delete => shell.Command(
        "delete",
        "Forgets the registration of a device: its next one counts as the first. The device stays in its hub.",
        ["gatehouse enrollment registrations delete sensor-1"],
        [registration, etag],
        async call =>
        {
            await call.Provisioning.DeleteAsync(Path(call), call.Value(etag), call.Cancellation);
            return call.Answer(new JsonObject { ["deleted"] = call.Value(registration) }, terminal =>
                terminal.Line($"registration '{call.Value(registration)}' deleted. The device stays in its hub, and may register again as long as an enrollment lets it."));
        });

    internal static async Task<JsonArray> OfGroupAsync(Call call, string group, int? top)
    {
        var found = new JsonArray();
        await foreach (var state in QueryPages.ReadAsync(call.Provisioning, HubPath.Provisioning("registrations", group, "query"), new JsonObject(), top, call.Cancellation))
        {
            found.Add(state);
        }

        return found;
    }

    // The service lists records by group only; the others stand in their enrollments.
    private async Task<JsonArray> OfIndividualsAsync(Call call)
    {
        var states = (await EnrollmentCommands.QueryAsync(call, isGroup: false, where: null, top: null)).Select(each => each!["registrationState"]).Where(state => state is not null);
        return new JsonArray([.. states.Take(call.Value(top) ?? int.MaxValue).Select(state => state!.DeepClone())]);
    }

    private HubPath Path(Call call) => HubPath.Provisioning("registrations", call.Value(registration));
}
