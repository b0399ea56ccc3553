using System.Text.Json.Nodes;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.Enrollments;

/// <summary>How enrollments and registrations are shown. Keys are masked where an answer holds some, webhooks where they may hold one.</summary>
internal static class EnrollmentView
{
    private const string Mask = "***";

    private static readonly string[] KeyNames = ["primaryKey", "secondaryKey"];

    internal static JsonNode Masked(JsonNode enrollment)
    {
        if (enrollment["attestation"]?[AttestationWords.SymmetricKey] is JsonObject keys)
        {
            foreach (var name in KeyNames.Where(name => keys[name] is not null))
            {
                keys[name] = Mask;
            }
        }

        // Paths and queries of webhooks often hold keys.
        if (enrollment["customAllocationDefinition"] is JsonObject custom && Uri.TryCreate((string?)custom["webhookUrl"], UriKind.Absolute, out var url) && url.PathAndQuery.Length > 1)
        {
            custom["webhookUrl"] = url.GetLeftPart(UriPartial.Authority) + "/****";
        }

        return enrollment;
    }

    internal static void Facts(Terminal terminal, JsonNode enrollment)
    {
        var attestation = enrollment["attestation"]!;
        var isGroup = enrollment["enrollmentGroupId"] is not null;
        var certificates = attestation[AttestationWords.X509]?[AttestationWords.BlockOf(enrollment, isGroup)];
        var registration = enrollment["registrationState"];
        terminal.Facts(
            ("enrollment", Text(enrollment["registrationId"])),
            ("enrollment group", Text(enrollment["enrollmentGroupId"])),
            ("device id", Text(enrollment["deviceId"])),
            ("status", Text(enrollment["provisioningStatus"])),
            ("attestation", Text(attestation["type"])),
            ("primary key", Text(attestation[AttestationWords.SymmetricKey]?["primaryKey"])),
            ("secondary key", Text(attestation[AttestationWords.SymmetricKey]?["secondaryKey"])),
            ("primary certificate", Certificate(certificates?["primary"])),
            ("secondary certificate", Certificate(certificates?["secondary"])),
            ("endorsement key", Text(attestation[AttestationWords.Tpm]?["endorsementKey"])),
            ("storage root key", Text(attestation[AttestationWords.Tpm]?["storageRootKey"])),
            ("endorsement certificate", Text(attestation[AttestationWords.Tpm]?["endorsementCertificate"])),
            ("measured boot", Policy(enrollment["measuredBootPolicy"])),
            ("pcr values", enrollment["measuredBootPolicy"]?["values"] is JsonObject values ? string.Join(", ", values.Select(each => $"{each.Key}: {each.Value}")) : null),
            ("boot", registration is null ? null : Boot(registration)),
            ("allocation policy", Text(enrollment["allocationPolicy"])),
            ("webhook", Text(enrollment["customAllocationDefinition"]?["webhookUrl"])),
            ("hubs", Hubs(enrollment)),
            ("reprovision policy", ReprovisionWords.Of(enrollment["reprovisionPolicy"])),
            ("credential policy", Text(enrollment["credentialPolicyName"])),
            ("edge", (bool?)enrollment["capabilities"]?["iotEdge"] == true ? "yes" : null),
            ("initial twin", Json(enrollment["initialTwin"])),
            ("device information", Json(enrollment["optionalDeviceInformation"])),
            ("registration", registration is null ? null : Registration(registration)),
            ("registered", registration is null ? null : ReadableTime.Of(registration["lastUpdatedDateTimeUtc"])),
            ("created", ReadableTime.Of(enrollment["createdDateTimeUtc"])),
            ("updated", ReadableTime.Of(enrollment["lastUpdatedDateTimeUtc"])),
            ("etag", Text(enrollment["etag"])));
    }

    internal static void Table(Terminal terminal, JsonArray enrollments, bool isGroup) => terminal.Table(
        isGroup ? ["group", "status", "attestation", "allocation", "hubs"] : ["enrollment", "status", "attestation", "allocation", "hubs", "registration"],
        enrollments.Select(each => (IEnumerable<string?>)[
            Text(each![isGroup ? "enrollmentGroupId" : "registrationId"]), Text(each["provisioningStatus"]), Text(each["attestation"]?["type"]), Text(each["allocationPolicy"]), Hubs(each),
            .. isGroup ? Array.Empty<string?>() : [each["registrationState"] is { } state ? Registration(state) : "never"]]));

    internal static void Registrations(Terminal terminal, JsonArray states) => terminal.Table(
        ["registration", "status", "hub", "device", "how", "proved by", "registered"],
        states.Select(each => (IEnumerable<string?>)[
            Text(each!["registrationId"]), Text(each["status"]), Text(each["assignedHub"]), Text(each["deviceId"]), Text(each["substatus"]) ?? Text(each["errorMessage"]), ProvedBy(each), ReadableTime.Of(each["lastUpdatedDateTimeUtc"])]));

    internal static void RegistrationFacts(Terminal terminal, JsonNode state) => terminal.Facts(
        ("registration", Text(state["registrationId"])),
        ("status", Text(state["status"])),
        ("how", Text(state["substatus"])),
        ("hub", Text(state["assignedHub"])),
        ("device", Text(state["deviceId"])),
        ("error", Text(state["errorMessage"]) is { } message ? $"{message} ({state["errorCode"]})" : null),
        ("proved by", ProvedBy(state)),
        ("certificate", Certificate(state["x509"]?["certificateInfo"] is { } info ? new JsonObject { ["info"] = info.DeepClone() } : null)),
        ("CA certificate", Certificate(state["x509"]?["signingCertificateInfo"] is { } signer ? new JsonObject { ["info"] = signer.DeepClone() } : null)),
        ("boot", Boot(state)),
        ("group", Text(state["x509"]?["enrollmentGroupId"]) ?? Text(state["symmetricKey"]?["enrollmentGroupId"])),
        ("created", ReadableTime.Of(state["createdDateTimeUtc"])),
        ("registered", ReadableTime.Of(state["lastUpdatedDateTimeUtc"])),
        ("etag", Text(state["etag"])));

    private static string? ProvedBy(JsonNode state) => Text(state[AttestationWords.ProvedBy]?["credential"]) is { } place
        ? $"{place} {(state["x509"] is null ? "key" : state["x509"]!["signingCertificateInfo"] is null ? "certificate" : "CA certificate")}"
        : null;

    private static string? Registration(JsonNode state) =>
        Text(state["assignedHub"]) is { } hub ? $"{Text(state["status"])} to {hub} as {Text(state["deviceId"])}" : Text(state["status"]);

    private static string? Policy(JsonNode? policy) => policy is null ? null
        : $"PCRs {string.Join(", ", policy["pcrs"]!.AsArray().Select(pcr => pcr!.ToString()))} ({policy["hashAlgorithm"]}), "
        + (policy["values"] is null ? "to be learned" : (bool?)policy["learned"] == true ? "learned" : "given")
        + (policy["reattestEverySeconds"] is { } every ? $"; again every {every} s" : "");

    private static string? Boot(JsonNode state) => state["measuredBoot"] is not { } boot ? null
        : string.Join("; ", new[]
        {
            Text(boot["status"]) == "quarantined" ? $"in quarantine since {ReadableTime.Of(boot["quarantinedDateTimeUtc"])}: {boot["reason"]}" : null,
            boot["attestedDateTimeUtc"] is { } attested ? $"attested {ReadableTime.Of(attested)}" : null,
            boot["attestBy"] is { } due ? $"must attest by {ReadableTime.Of(due)}" : null,
        }.OfType<string>());

    private static string Hubs(JsonNode enrollment) => enrollment["iotHubs"] is JsonArray { Count: > 0 } hubs ? string.Join(", ", hubs.Select(hub => (string?)hub)) : "all";

    private static string? Certificate(JsonNode? certificate) => certificate is JsonValue name ? $"the service's '{name}'"
        : certificate?["info"] is { } info
        ? $"{Text(info["subjectName"])}, until {ReadableTime.Of(info["notAfterUtc"])}, SHA-256 {Text(info["sha256Thumbprint"])}"
        : null;

    private static string? Json(JsonNode? node) => node is JsonObject { Count: > 0 } ? node.ToJsonString(SafeJson.Line) : null;

    private static string? Text(JsonNode? node) => node?.ToString() is { Length: > 0 } text ? text : null;
}
