using System.Collections.Frozen;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>Why a certificate of a device is revoked. Source: RFC 5280 §5.3.1, without those of CAs and attributes, and those that are taken back.</summary>
internal static class RevocationReason
{
    private static readonly FrozenDictionary<string, X509RevocationReason> Known = new Dictionary<string, X509RevocationReason>
    {
        ["unspecified"] = X509RevocationReason.Unspecified,
        ["keyCompromise"] = X509RevocationReason.KeyCompromise,
        ["affiliationChanged"] = X509RevocationReason.AffiliationChanged,
        ["superseded"] = X509RevocationReason.Superseded,
        ["cessationOfOperation"] = X509RevocationReason.CessationOfOperation,
        ["privilegeWithdrawn"] = X509RevocationReason.PrivilegeWithdrawn,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    internal const string Rule = "unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn";

    internal static bool IsKnown(string word) => Known.ContainsKey(word);

    /// <summary>For an entry of a list; null for unspecified, which is left out (RFC 5280 §5.3.1).</summary>
    internal static X509RevocationReason? Of(string word) => Known.TryGetValue(word, out var reason) && reason != X509RevocationReason.Unspecified ? reason : null;
}
