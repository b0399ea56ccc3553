using System.Collections.Frozen;

namespace Gatehouse.Contracts.Audit;

/// <summary>Which records of the audit log are changes of trust, and so also entries of the trust log: whatever changes whom the server believes, or who believes it, beyond a single device's own credential.</summary>
/// <remarks>
/// By the first word of the action. A word that stands in neither list counts as a change of trust: what nobody thought of is logged too much, not too little; a test of the architecture then asks for it.
/// Single devices (<c>device</c>, <c>module</c>, <c>enrollment</c>, <c>registration</c>) are left out: their keys are in the audit log, and their certificates come in by <c>certificate.issue</c>.
/// </remarks>
public static class TrustActions
{
    /// <summary>Families of actions that are entries.</summary>
    public static IReadOnlySet<string> Families { get; } = new[]
    {
        "certificate", // CA certificates of a hub; what is issued and revoked
        "credentialpolicy", // CAs that issue, and their OCSP responders
        "derivation-key", // what keys of devices are derived from
        "enrollmentgroup", // CAs and keys that whole fleets register by
        "key", // wrapping, data and signing keys
        "linkedhub", // whose revocations count, and where credentials go
        "policy", // shared access policies
        "provisioningcertificate",
        "provisioningpolicy",
        "revocation",
        "revocationList",
        "rotation", // plans put new keys and CAs in the place of old ones
        "serverCertificate",
        "strictness",
        "trustlog",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Families of actions that are not.</summary>
    public static IReadOnlySet<string> OtherFamilies { get; } = new[]
    {
        "audit", "certificateAlarm", "configuration", "connect", "consumergroup", "device", "endpoint", "enrichment", "enrollment", "file", "fileupload", "hub", "job", "module", "provisioning",
        "registration", "registry", "request", "route", "routing", "twin",
    }.ToFrozenSet(StringComparer.Ordinal);

    // Of a family of trust, and change nothing: a code to be signed, a request to be answered elsewhere, that a hub has heard of a revocation.
    private static readonly FrozenSet<string> Harmless = new[] { "certificate.code", "certificate.told", "certificate.untold", "key.request" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether a record of this action is an entry of the trust log.</summary>
    public static bool IsTrust(string action)
    {
        var dot = action.IndexOf('.', StringComparison.Ordinal);
        return !OtherFamilies.Contains(dot < 0 ? action : action[..dot]) && !Harmless.Contains(action);
    }
}
