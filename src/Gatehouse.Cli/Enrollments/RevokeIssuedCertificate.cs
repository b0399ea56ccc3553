using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.Enrollments;

/// <summary><c>enrollment revoke-certificate</c>: one that the service has issued goes on the revocation list of its CA, and linked hubs let nobody in by it any more.</summary>
internal sealed class RevokeIssuedCertificate(Shell shell)
{
    private readonly Argument<string> serial = new("serial") { Description = "Its serial number, as 'enrollment certificates' shows it; colons are dropped." };
    private readonly Option<string?> reason = new("--reason") { Description = "unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn. Default: unspecified.", HelpName = "reason" };

    internal Command Command => shell.Command(
        "revoke-certificate",
        "Revokes a certificate that the service has issued, for good: linked hubs refuse it, its CA lists it.",
        ["gatehouse enrollment revoke-certificate 5B3F0C6E9A214D7788AA01C2D3E4F506 --reason keyCompromise"],
        [serial, reason],
        async call =>
        {
            var body = call.Value(reason) is { } word ? new JsonObject { ["reason"] = word } : [];
            var number = call.Value(serial).Replace(":", "", StringComparison.Ordinal);
            var revoked = await call.Provisioning.PostAsync(HubPath.Provisioning("issuedCertificates", number, "revoke"), body, null, call.Cancellation);
            return call.Answer(revoked, terminal =>
            {
                terminal.Line($"the certificate {revoked["serialNumber"]} of '{revoked["registrationId"]}' is revoked since {ReadableTime.Of(revoked["revokedDateTimeUtc"])}.");
                if (revoked["untoldHubs"] is JsonArray untold)
                {
                    foreach (var hub in untold)
                    {
                        terminal.Note($"The linked hub {hub!["name"]} is being told{(hub["problem"] is { } problem ? $" ({problem})" : "")}; 'gatehouse enrollment certificates' says when it is.");
                    }
                }

                terminal.Note("Its enrollment still lets it in with what it knows: gatehouse enrollment update ENROLLMENT --provisioning-status disabled");
            });
        });
}
