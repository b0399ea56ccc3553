using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.Attesting;

/// <summary><c>attest tpm register</c>: the whole registration of a device by its TPM, from the keys to the one for its hub.</summary>
internal sealed class RegisterTpm(Shell shell)
{
    private static readonly TimeSpan ProofLifetime = TimeSpan.FromHours(1);

    private readonly TpmOptions options = new();
    private readonly TpmLifetime lifetime = new();
    private readonly Option<string> host = new("--host") { Description = "Host name of the provisioning service; a port other than 443 after a colon.", HelpName = "host", Required = true };
    private readonly Option<string> idScope = new("--id-scope") { Description = "Id scope of the service.", HelpName = "scope", Required = true };
    private readonly Option<string?> registrationId = new("--registration-id") { Description = "Registration id of the enrollment. Default: made of the endorsement key, as 'show' prints it.", HelpName = "id" };
    private readonly Option<string?> payload = new("--payload") { Description = "JSON, or @FILE: for an enrollment whose webhook chooses the hub.", HelpName = "json" };
    private readonly Option<bool> withToken = new("--token") { Description = "Print a SAS token for the hub too." };
    private readonly Option<bool> replace = new("--replace") { Description = $"Give up what lies at handle {DeviceTpm.Text(DeviceTpm.HubKeyHandle)}, even if it is something else than a key for a hub." };

    internal Command Command => shell.Command(
        "register",
        "Registers this device by its TPM, keeps the key for its hub there, and prints how to connect.",
        ["gatehouse attest tpm register --host dps.example.com --id-scope 0ne00000001", "gatehouse attest tpm register --host dps.example.com:8443 --id-scope 0ne00000001 --ca-file root.pem --token --json"],
        [host, idScope, registrationId, payload, options.Tpm, options.Algorithm, withToken, lifetime.Option, replace],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        var end = lifetime.End(call);
        var service = HostAndPort.Parse(call.Value(host)!, host.Name, "the name");
        var said = call.Value(payload) is { } text ? await JsonArgument.ReadAsync(payload.Name, text, call.Cancellation) : null;
        var address = options.Address(call);
        var caFile = call.Source.Root;
        TrustedRoot.Load(caFile);

        call.Terminal.Progress("asking the TPM…");
        using var tpm = DeviceTpm.Prepare(address, options.IsElliptic(call));
        tpm.CheckHubKeyHandle(call.Value(replace));

        var id = call.Value(registrationId) ?? tpm.RegistrationId;
        using var client = new RegistrationClient(service, call.Value(idScope)!, id, caFile);
        var body = new JsonObject
        {
            ["registrationId"] = id,
            ["tpm"] = new JsonObject { ["endorsementKey"] = Convert.ToBase64String(tpm.EndorsementKey), ["storageRootKey"] = Convert.ToBase64String(tpm.StorageRootKey) },
        };
        if (tpm.EndorsementCertificate() is { } certificate)
        {
            body["tpm"]!["endorsementCertificate"] = Convert.ToBase64String(certificate);
        }

        if (said is not null)
        {
            body["payload"] = said;
        }

        call.Terminal.Progress("registering…");
        var challenge = await client.ChallengeAsync(body, call.Cancellation);
        var proof = challenge["measuredBoot"] is null ? Prove(tpm, client, challenge) : await ProveBootAsync(call, tpm, client, body);
        var state = await client.RegisterAsync(body, proof, call.Cancellation);
        tpm.Keep(TpmBlob.Parse(RegistrationClient.Text(state["tpm"]?["authenticationKey"])));
        call.Terminal.EndProgress();
        return Answer(call, tpm, id, state, end);
    }

    private static string Prove(DeviceTpm tpm, RegistrationClient client, JsonNode challenge) => tpm.With(
        TpmBlob.Parse(RegistrationClient.Text(challenge["authenticationKey"])), sign => SharedAccessToken.Make(client.Resource, sign, "registration", DateTimeOffset.UtcNow + ProofLifetime));

    // The service measures the boot: it is asked again with the key that will sign, and gets the quote with the proof.
    private async Task<string> ProveBootAsync(Call call, DeviceTpm tpm, RegistrationClient client, JsonObject body)
    {
        using var key = tpm.MakeAttestationKey(options.IsElliptic(call));
        body["tpm"]!["attestationKey"] = Convert.ToBase64String(key.Area);
        var challenge = await client.ChallengeAsync(body, call.Cancellation);
        var asked = BootQuote.Parse(challenge["measuredBoot"]) ?? throw new CliException("the service asked for a quote of the boot, and then no more: its enrollment was changed meanwhile. Repeat.");
        var proof = Prove(tpm, client, challenge);
        body["tpm"]!["quote"] = tpm.Quote(asked, key);
        return proof;
    }

    private int Answer(Call call, DeviceTpm tpm, string id, JsonNode state, DateTimeOffset end)
    {
        var (hub, device) = (RegistrationClient.Text(state["assignedHub"]) ?? "", RegistrationClient.Text(state["deviceId"]) ?? "");
        var token = call.Value(withToken) ? TpmToken.Make(hub, device, end, tpm.SignWithHubKey) : null;
        var facts = new JsonObject
        {
            ["registrationId"] = id,
            ["assignedHub"] = hub,
            ["deviceId"] = device,
            ["substatus"] = RegistrationClient.Text(state["substatus"]),
            ["keyHandle"] = DeviceTpm.Text(DeviceTpm.HubKeyHandle),
        };
        if (state["payload"] is { } returned)
        {
            facts["payload"] = returned.DeepClone();
        }

        var attestBy = (state["measuredBoot"] as JsonObject)?["attestBy"];
        if (attestBy is not null)
        {
            facts["attestBy"] = attestBy.DeepClone();
        }

        if (token is not null)
        {
            facts["token"] = token;
            facts["expires"] = end.ToUnixTimeSeconds();
        }

        return call.Answer(facts, terminal =>
        {
            terminal.Facts(
                ("registration id", id), ("hub", hub), ("device", device), ("status", RegistrationClient.Text(state["substatus"])), ("key handle", DeviceTpm.Text(DeviceTpm.HubKeyHandle)),
                ("payload", state["payload"] is { } payload ? SafeJson.Write(payload, isIndented: false) : null),
                ("attest again by", attestBy is null ? null : ReadableTime.Of(attestBy)), ("token", token));
            if (token is null)
            {
                terminal.Note($"A token for the hub: gatehouse attest tpm token --hub {hub} --device-id {device}");
            }
        });
    }
}
