using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Enrollments;

/// <summary>A roll of certificates: the new one beside the old one, then the new one alone.</summary>
internal sealed class CertificateRoll(EnrollmentTarget target)
{
    internal Option<string?> File { get; } = new("--certificate-path", "--certificate", "--cp") { Description = "The new certificate, PEM or DER: the device's own, or the CA's of a group.", HelpName = "file" };

    internal Option<string?> CaName { get; } = new("--ca-name", "--cn") { Description = "The new CA certificate of a group that names those of the service.", HelpName = "name" };

    internal async Task<RollStep> BeginAsync(Call call, JsonObject enrollment)
    {
        var isGroup = target.IsGroup(call);
        var isByName = AttestationWords.BlockOf(enrollment, isGroup) == AttestationWords.CaReferences;
        var (wanted, other) = isByName ? (CaName, File) : (File, CaName);
        if (call.Value(wanted) is not { } given || call.IsGiven(other))
        {
            throw CliException.Usage($"the enrollment attests by {(isByName ? "CA certificates of the service" : "certificates")}: name the new one with {wanted.Name}{(call.IsGiven(other) ? $", not {other.Name}" : "")}.");
        }

        var pair = AttestationWords.Certificates(enrollment, isGroup);
        if ((isByName ? (string?)pair["secondary"] : AttestationWords.Thumbprint(pair["secondary"])) is { } there)
        {
            throw new CliException($"{target.Name(call)} has a secondary certificate already ({there}): a roll has begun. End it with 'gatehouse enrollment roll {target.Words(call)} --finish', or take that out with 'gatehouse enrollment update {target.Words(call)} --remove-secondary-certificate'.");
        }

        pair["secondary"] = isByName ? given : await AttestationOptions.CertificateAsync(given, call.Cancellation);
        return new RollStep(
            "the new certificate is the secondary one; the primary one is still good.",
            isGroup ? "give the devices certificates under the new CA, and let them register again." : "give the device the new certificate, and let it register again.",
            $"then end the old one: gatehouse enrollment roll {target.Words(call)} --finish");
    }

    internal RollStep Finish(Call call, JsonObject enrollment, IReadOnlyList<string> devices)
    {
        var pair = AttestationWords.Certificates(enrollment, target.IsGroup(call));
        var second = pair["secondary"]!.DeepClone();
        pair.Remove("secondary");
        pair["primary"] = second;
        const string Done = "the secondary certificate is the primary one now, and the old one opens nothing more.";
        return target.IsGroup(call) || devices.Count == 0
            ? new RollStep(Done)
            : new RollStep(Done, $"its hub goes on accepting the old certificate until the device registers again; at once: gatehouse device update {devices[0]} --certificate FILE");
    }

    /// <summary>Registrations say which certificate it was.</summary>
    internal async Task<Func<JsonNode, JsonNode, bool>> IsBehindAsync(Call call, JsonNode enrollment)
    {
        var isGroup = target.IsGroup(call);
        var second = AttestationWords.Certificates(enrollment, isGroup)["secondary"]
            ?? throw new CliException($"{target.Name(call)} has no secondary certificate: no roll has begun. 'gatehouse enrollment roll --help' shows how one begins.");
        var wanted = second is JsonValue name
            ? (string?)(await call.Provisioning.GetAsync(HubPath.Provisioning("certificates", (string)name!), call.Cancellation))["properties"]!["thumbprintSha256"]
            : AttestationWords.Thumbprint(second);
        return (_, state) => !string.Equals(wanted, (string?)state["x509"]?[isGroup ? "signingCertificateInfo" : "certificateInfo"]?["sha256Thumbprint"], StringComparison.OrdinalIgnoreCase);
    }
}
