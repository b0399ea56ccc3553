using System.CommandLine;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Registry;

/// <summary><c>device update</c>, <c>module update</c>: reads, changes what was named, and writes on the condition that nobody else wrote meanwhile.</summary>
internal sealed class UpdateIdentity(Shell shell, IdentityTarget target)
{
    private readonly CredentialOptions credentials = new();
    private readonly Option<bool?> edge = new("--edge", "--edge-enabled") { Description = "true or false.", HelpName = "bool" };
    private readonly Option<string?> status = new Option<string?>("--status") { Description = "enabled or disabled; a disabled device is cut off at once.", HelpName = "status" }.AcceptOnlyFromAmong("enabled", "disabled");
    private readonly Option<string?> reason = new("--status-reason") { Description = "Up to 128 characters for people; '' removes it.", HelpName = "text" };
    private readonly Option<string?> managedBy = new("--managed-by") { Description = "Who manages the module.", HelpName = "text" };
    private readonly Option<string?> etag = new("--etag") { Description = "Write only if this is still the ETag; * writes whatever it is. Default: the ETag just read.", HelpName = "etag" };

    internal Command Command => shell.Command(
        "update",
        $"Changes what is named of a {target.Kind}; the rest stays.",
        target.IsModule
            ? ["gatehouse module update sensor-1 camera --certificate camera.pem"]
            : ["gatehouse device update sensor-1 --status disabled --status-reason stolen", "gatehouse device update sensor-2 --certificate old.pem --certificate new.pem"],
        [.. target.Symbols, .. target.IsModule ? [managedBy] : new Symbol[] { edge, status, reason }, etag, .. credentials.Symbols],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        var key = target.Of(call);
        var authentication = await credentials.ReadAsync(call);
        if (authentication is null && !new Option[] { edge, status, reason, managedBy }.Any(call.IsGiven))
        {
            throw CliException.Usage($"nothing is named to change. See 'gatehouse {target.Kind} update --help'.");
        }

        var path = IdentityTarget.Path(key);
        var identity = await call.Hub.GetAsync(path, call.Cancellation);
        Change(call, identity, authentication);
        var updated = await call.Hub.PutAsync(path, identity, call.Value(etag) ?? (string?)identity["etag"], call.Cancellation);
        return call.Answer(IdentityView.Shown(updated, showKeys: false), terminal => terminal.Line($"{target.Kind} '{key}' updated."));
    }

    private void Change(Call call, JsonNode identity, JsonObject? authentication)
    {
        if (authentication is not null)
        {
            identity["authentication"] = authentication;
        }

        if (call.IsGiven(edge))
        {
            identity["capabilities"] = new JsonObject { ["iotEdge"] = call.Value(edge) };
        }

        if (call.Value(status) is { } word)
        {
            identity["status"] = word;
        }

        if (call.Value(reason) is { } text)
        {
            identity["statusReason"] = text.Length == 0 ? null : text;
        }

        if (call.Value(managedBy) is { } manager)
        {
            identity["managedBy"] = manager;
        }
    }
}
