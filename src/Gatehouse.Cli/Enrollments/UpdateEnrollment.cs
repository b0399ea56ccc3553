using System.CommandLine;

namespace Gatehouse.Cli.Enrollments;

/// <summary><c>enrollment update</c>: reads, changes what was named, and writes on the condition that nobody else wrote meanwhile.</summary>
internal sealed class UpdateEnrollment(Shell shell, EnrollmentTarget target)
{
    private readonly AttestationOptions attestation = new();
    private readonly EnrollmentSettings settings = new();
    private readonly MeasuredBootOptions boot = new();
    private readonly Option<string?> etag = new("--etag", "-e") { Description = "Write only if this is still the ETag; * writes whatever it is. Default: the ETag just read.", HelpName = "etag" };

    internal Command Command => shell.Command(
        "update",
        "Changes what is named of an enrollment or a group; the rest stays. 'roll' changes keys and certificates without a gap.",
        ["gatehouse enrollment update sensor-1 --provisioning-status disabled", "gatehouse enrollment update plant-7 --group --iot-hubs hub-1.example.com hub-2.example.com"],
        [.. target.Symbols, .. attestation.ToUpdate, .. settings.All, .. boot.All, etag],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        if (!attestation.IsGiven(call) && !settings.All.Concat(boot.All).Any(call.IsGiven))
        {
            throw CliException.Usage("nothing is named to change. See 'gatehouse enrollment update --help'.");
        }

        var isGroup = target.IsGroup(call);
        var enrollment = (await call.Provisioning.GetAsync(target.Path(call), call.Cancellation)).AsObject();
        await attestation.ChangeAsync(call, enrollment, isGroup);
        await settings.FillAsync(call, enrollment, isGroup);
        await boot.FillAsync(call, enrollment);
        enrollment.Remove("registrationState");
        var saved = await call.Provisioning.PutAsync(target.Path(call), enrollment, call.Value(etag) ?? (string?)enrollment["etag"], call.Cancellation);
        return call.Answer(EnrollmentView.Masked(saved), terminal => terminal.Line($"{target.Name(call)} updated ({saved["provisioningStatus"]})."));
    }
}
