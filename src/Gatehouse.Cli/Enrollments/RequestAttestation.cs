using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.Enrollments;

/// <summary><c>enrollment request-attestation</c>: a device whose boot is measured must prove it again.</summary>
internal sealed class RequestAttestation(Shell shell)
{
    private readonly Argument<string> registration = new("enrollment") { Description = "Registration id of the device." };
    private readonly Option<int?> within = new("--within") { Description = "Seconds that it has, 10 to 86400. Default: 300. A time that was set before and comes sooner stays.", HelpName = "seconds" };

    internal Command Command => shell.Command(
        "request-attestation",
        "Makes a device whose boot is measured prove it again; one that does not in time goes into quarantine.",
        ["gatehouse enrollment request-attestation sensor-3", "gatehouse enrollment request-attestation sensor-3 --within 60"],
        [registration, within],
        async call =>
        {
            var body = call.Value(within) is { } seconds ? new JsonObject { ["withinSeconds"] = seconds } : [];
            var state = await call.Provisioning.PostAsync(HubPath.Provisioning("registrations", call.Value(registration), "requestAttestation"), body, null, call.Cancellation);
            return call.Answer(state, terminal => terminal.Line($"'{call.Value(registration)}' must attest by {ReadableTime.Of(state["measuredBoot"]!["attestBy"])}. What became of it: gatehouse enrollment registrations show {call.Value(registration)}"));
        });
}
