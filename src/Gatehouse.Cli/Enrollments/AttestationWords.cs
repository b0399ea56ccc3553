using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Enrollments;

/// <summary>Words of the <c>attestation</c> object.</summary>
internal static class AttestationWords
{
    internal const string SymmetricKey = "symmetricKey";
    internal const string X509 = "x509";
    internal const string Tpm = "tpm";
    internal const string CaReferences = "caReferences";

    /// <summary>In a registration: by which of the enrollment's two keys or certificates, and of which version of it.</summary>
    internal const string ProvedBy = "provedBy";

    internal static string Of(JsonNode enrollment) => (string)enrollment["attestation"]!["type"]!;

    /// <summary>Its certificates (primary and secondary, each as its <c>info</c> when it was read) or names of CA certificates of the service.</summary>
    internal static JsonObject Certificates(JsonNode enrollment, bool isGroup) => enrollment["attestation"]![X509]![BlockOf(enrollment, isGroup)]!.AsObject();

    /// <summary>The block that the enrollment has.</summary>
    internal static string BlockOf(JsonNode enrollment, bool isGroup) => enrollment["attestation"]?[X509]?[CaReferences] is JsonObject ? CaReferences : Block(isGroup);

    /// <summary>A device's own certificates, or those that sign for the devices of a group.</summary>
    internal static string Block(bool isGroup) => isGroup ? "signingCertificates" : "clientCertificates";

    /// <summary>Whether the device has registered since the enrollment was changed last.</summary>
    internal static bool HasComeTo(JsonNode enrollment, JsonNode state) => state[ProvedBy]?["enrollmentEtag"] is { } etag && (string?)etag == (string?)enrollment["etag"];

    internal static string? Thumbprint(JsonNode? certificate) => (string?)certificate?["info"]?["sha256Thumbprint"];
}
