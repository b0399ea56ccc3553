using System.CommandLine;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Attesting;

/// <summary><c>attest tpm show</c>: what an operator writes into the enrollment of this device.</summary>
internal sealed class ShowTpm(Shell shell)
{
    private readonly TpmOptions options = new();

    internal Command Command => shell.Command(
        "show",
        "Shows the keys and the registration id of this TPM, as an enrollment has them; nothing in the TPM changes.",
        ["gatehouse attest tpm show", "gatehouse attest tpm show --tpm device:/dev/tpm0", "gatehouse attest tpm show --tpm swtpm:host=127.0.0.1,port=2321 --json"],
        [options.Tpm, options.Algorithm],
        call =>
        {
            using var tpm = DeviceTpm.Look(options.Address(call), options.IsElliptic(call));
            var (endorsementKey, storageRootKey) = (Convert.ToBase64String(tpm.EndorsementKey), Convert.ToBase64String(tpm.StorageRootKey));
            var shown = new JsonObject { ["registrationId"] = tpm.RegistrationId, ["endorsementKey"] = endorsementKey, ["storageRootKey"] = storageRootKey };
            var certificate = tpm.EndorsementCertificate() is { } der ? Convert.ToBase64String(der) : null;
            if (certificate is not null)
            {
                shown["endorsementCertificate"] = certificate;
            }

            return Task.FromResult(call.Answer(shown, terminal =>
            {
                terminal.Facts(("registration id", tpm.RegistrationId), ("endorsement key", endorsementKey), ("endorsement certificate", certificate), ("storage root key", storageRootKey));
                terminal.Note($"On the server: gatehouse enrollment create {tpm.RegistrationId} --endorsement-key KEY{(tpm.IsPrepared ? "" : " (The TPM does not hold both keys yet: 'gatehouse attest tpm register' stores them.)")}");
            }));
        });
}
