using System.CommandLine;

namespace Gatehouse.Cli.Enrollments;

/// <summary><c>enrollment create</c>.</summary>
internal sealed class CreateEnrollment(Shell shell, EnrollmentTarget target)
{
    private readonly AttestationOptions attestation = new();
    private readonly EnrollmentSettings settings = new();
    private readonly MeasuredBootOptions boot = new();

    internal Command Command => shell.Command(
        "create",
        "Lets a device register, or with --group all devices of a key or a CA.",
        [
            "gatehouse enrollment create sensor-1",
            "gatehouse enrollment create sensor-2 --certificate sensor-2.pem --initial-twin-tags '{\"site\": \"north\"}'",
            "gatehouse enrollment create sensor-3 --endorsement-key @ek.pub",
            "gatehouse enrollment create sensor-5 --endorsement-key @ek.pub --measured-boot 0,2,4,7",
            "gatehouse enrollment create plant-7 --group --reprovision-policy never",
            "gatehouse enrollment create plant-8 --group --certificate ca.pem --allocation-policy static --iot-hubs hub.example.com",
            "(openssl rand -base64 32; openssl rand -base64 32) | gatehouse enrollment create sensor-4 --keys-from -",
        ],
        [.. target.Symbols, .. attestation.ToCreate, .. settings.All, .. boot.All],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        var isGroup = target.IsGroup(call);
        var body = new System.Text.Json.Nodes.JsonObject
        {
            [isGroup ? "enrollmentGroupId" : "registrationId"] = target.Id(call),
            ["attestation"] = await attestation.CreateAsync(call, isGroup),
        };
        await settings.FillAsync(call, body, isGroup);
        await boot.FillAsync(call, body);
        var made = EnrollmentView.Masked(await call.Provisioning.PutAsync(target.Path(call), body, null, call.Cancellation));
        var type = AttestationWords.Of(made);
        return call.Answer(made, terminal => terminal.Line($"{target.Name(call)} created ({type}).{Next(call, type)}"));
    }

    private string Next(Call call, string type) => (type, target.IsGroup(call)) switch
    {
        (AttestationWords.SymmetricKey, true) => $" Next, for each device: gatehouse enrollment compute-device-key DEVICE --group-id {target.Id(call)}",
        (AttestationWords.SymmetricKey, false) => $" Next: gatehouse enrollment keys {target.Id(call)}",
        _ => "",
    };
}
