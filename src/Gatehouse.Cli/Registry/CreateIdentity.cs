using System.CommandLine;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Registry;

/// <summary><c>device create</c>, <c>module create</c>.</summary>
internal sealed class CreateIdentity(Shell shell, IdentityTarget target)
{
    private readonly CredentialOptions credentials = new();
    private readonly Option<bool> edge = new("--edge", "--edge-enabled") { Description = "The device is an Edge device." };
    private readonly Option<string?> status = new Option<string?>("--status") { Description = "enabled (default) or disabled.", HelpName = "status" }.AcceptOnlyFromAmong("enabled", "disabled");
    private readonly Option<string?> reason = new("--status-reason") { Description = "Up to 128 characters for people.", HelpName = "text" };
    private readonly Option<string?> managedBy = new("--managed-by") { Description = "Who manages the module.", HelpName = "text" };

    internal Command Command => shell.Command(
        "create",
        $"Registers a {target.Kind}.",
        target.IsModule
            ? ["gatehouse module create sensor-1 camera"]
            : [
                "gatehouse device create sensor-1",
                "gatehouse device create sensor-2 --certificate sensor-2.pem",
                "gatehouse device create sensor-3 --auth-method x509_ca --status disabled --status-reason 'in the store'",
                "(openssl rand -base64 32; openssl rand -base64 32) | gatehouse device create sensor-4 --keys-from -",
            ],
        [.. target.Symbols, .. target.IsModule ? [managedBy] : new Symbol[] { edge, status, reason }, .. credentials.Symbols],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        var key = target.Of(call);
        var body = new JsonObject { ["deviceId"] = key.Device.Value };
        if (key.Module is { } module)
        {
            body["moduleId"] = module.Value;
            body["managedBy"] = call.Value(managedBy);
        }
        else
        {
            body["status"] = call.Value(status) ?? "enabled";
            body["statusReason"] = call.Value(reason);
            body["capabilities"] = new JsonObject { ["iotEdge"] = call.Value(edge) };
        }

        body["authentication"] = await credentials.ReadAsync(call) ?? new JsonObject { ["type"] = "sas" };
        var created = await call.Hub.PutAsync(IdentityTarget.Path(key), body, null, call.Cancellation);
        return call.Answer(IdentityView.Shown(created, showKeys: false), terminal =>
            terminal.Line($"{target.Kind} '{key}' created ({created["authentication"]?["type"]}). Next: gatehouse {target.Kind} connection-string {key.ToString().Replace('/', ' ')}"));
    }
}
