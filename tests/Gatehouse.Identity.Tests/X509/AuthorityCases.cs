using System.Security.Cryptography.X509Certificates;
using static Gatehouse.Contracts.Audit.RefusalReason;
using static Gatehouse.Identity.Tests.X509.PathCase;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>Who may issue: basic constraints, path length, key usage; and what a device's own certificate may not be.</summary>
internal static class AuthorityCases
{
    private const string NotCa = "(RFC 5280 §4.2.1.9)";
    private const string TooDeep = "longer than its path length allows";

    internal static IEnumerable<PathCase> All => [.. Constraints, .. Usage, .. Lengths];

    private static IEnumerable<PathCase> Constraints =>
    [
        Chain("4.2.1.9", "intermediate with CA false", CertificateInvalid, "Intermediate 1 'CN=Middle' is not acceptable: it is not a CA", middle: r => r.With(Extension.BasicConstraints(false))),
        Chain("4.2.1.9", "intermediate without basic constraints", CertificateInvalid, "has no basic constraints", middle: r => r.Without(Extension.BasicConstraintsId)),
        Chain("4.2.1.9", "anchor with CA false", CertificateInvalid, "The hub's CA 'CN=Root' is not acceptable: it is not a CA", root: r => r.With(Extension.BasicConstraints(false))),
        Chain("4.2.1.9", "anchor without basic constraints", CertificateInvalid, "The hub's CA 'CN=Root' is not acceptable: it has no basic", root: r => r.Without(Extension.BasicConstraintsId)),
        Chain("4.2.1.9", "basic constraints that are not critical", middle: r => r.With(Extension.BasicConstraints(true, critical: false))),
        Chain("4.2.1.9", "basic constraints without content at a CA", CertificateNotTrusted, "neither came with it", middle: r => r.With(Extension.Raw(Extension.BasicConstraintsId, [], true))),
        Chain("4.2.1.9", "negative path length", CertificateNotTrusted, "neither came with it", middle: r => r.With(Extension.Raw(Extension.BasicConstraintsId, Der.Seq(Der.Bool(true), Der.Int(0xFF)), true))),
        Chain("4.2.1.9", "leaf that is a CA", CertificateInvalid, NotCa, leaf: r => r.With(Extension.BasicConstraints(true))),
        Chain("4.2.1.9", "leaf that says it is no CA", leaf: r => r.With(Extension.BasicConstraints(false))),
        new("4.2.1.9", "a device signs for another", LeafAsIssuer, CertificateInvalid, "has no basic constraints"),
    ];

    private static IEnumerable<PathCase> Usage =>
    [
        Chain("4.2.1.3", "intermediate without keyCertSign", CertificateInvalid, "Intermediate 1 'CN=Middle' is not acceptable: its key usage", middle: r => r.With(Extension.KeyUsage(X509KeyUsageFlags.CrlSign))),
        Chain("4.2.1.3", "anchor without keyCertSign", CertificateInvalid, "The hub's CA 'CN=Root' is not acceptable: its key usage", root: r => r.With(Extension.KeyUsage(X509KeyUsageFlags.DigitalSignature))),
        Chain("4.2.1.3", "authorities without key usage", middle: r => r.Without(Extension.KeyUsageId), root: r => r.Without(Extension.KeyUsageId)),
        Chain("4.2.1.3", "leaf without key usage", leaf: r => r.Without(Extension.KeyUsageId)),
        Chain("4.2.1.3", "leaf for key encipherment only", CertificateInvalid, "does not allow digitalSignature", leaf: r => r.With(Extension.KeyUsage(X509KeyUsageFlags.KeyEncipherment))),
        Chain("4.2.1.3", "leaf for key agreement and deciphering only", CertificateInvalid, "does not allow digitalSignature", leaf: r => r.With(Extension.KeyUsage(X509KeyUsageFlags.KeyAgreement | X509KeyUsageFlags.DecipherOnly))),
        Chain("4.2.1.3", "leaf that may sign certificates", CertificateInvalid, "may sign certificates", leaf: r => r.With(Extension.KeyUsage(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign))),
        Chain("4.2.1.3", "leaf with nine usage bits", leaf: r => r.With(Extension.KeyUsage(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyAgreement | X509KeyUsageFlags.DecipherOnly))),
        Chain("4.2.1.3", "key usage without bits", CertificateInvalid, "well-formed", leaf: r => r.With(Extension.Raw(Extension.KeyUsageId, Der.Bits([]), true))),
        Chain("4.2.1.12", "leaf for clients and servers", leaf: r => r.With(Extension.ExtendedUsage(Extension.ServerAuth, Extension.ClientAuth))),
        Chain("4.2.1.12", "leaf for any usage", leaf: r => r.With(Extension.ExtendedUsage(Extension.AnyUsage))),
        Chain("4.2.1.12", "leaf without extended key usage", leaf: r => r.Without(Extension.ExtendedUsageId)),
        Chain("4.2.1.12", "leaf with a critical extended key usage", leaf: r => r.With(Extension.Raw(Extension.ExtendedUsageId, Der.Seq(Der.Oid(Extension.ClientAuth)), true))),
        Chain("4.2.1.12", "leaf for servers only", CertificateInvalid, "The certificate 'CN=dev1' is not acceptable: its extended key usage", leaf: r => r.With(Extension.ExtendedUsage(Extension.ServerAuth))),
        Chain("4.2.1.12", "leaf for no usage at all", CertificateInvalid, "well-formed", leaf: r => r.With(Extension.ExtendedUsage())),
        Chain("4.2.1.12", "intermediate for servers only", CertificateInvalid, "Intermediate 1 'CN=Middle' is not acceptable: its extended key usage", middle: r => r.With(Extension.ExtendedUsage(Extension.ServerAuth))),
        Chain("4.2.1.12", "anchor for signing code only", CertificateInvalid, "The hub's CA 'CN=Root' is not acceptable: its extended key usage", root: r => r.With(Extension.ExtendedUsage("1.3.6.1.5.5.7.3.3"))),
        Chain("4.2.1.12", "authorities for clients only", middle: r => r.With(Extension.ExtendedUsage(Extension.ClientAuth)), root: r => r.With(Extension.ExtendedUsage(Extension.ClientAuth))),
    ];

    private static IEnumerable<PathCase> Lengths
    {
        get
        {
            // A path length of k lets exactly k intermediates stand below, wherever it is said.
            for (var length = 0; length <= 4; length++)
            {
                var (k, said) = (length, Extension.BasicConstraints(true, length));
                yield return new("4.2.1.9", $"root allows {k}, {k} stand below", () => Deep(k, (i, r) => i == 0 ? r.With(said) : r));
                yield return new("4.2.1.9", $"root allows {k}, {k + 1} stand below", () => Deep(k + 1, (i, r) => i == 0 ? r.With(said) : r), CertificateInvalid, TooDeep);
                yield return new("4.2.1.9", $"first intermediate allows {k}, {k} stand below", () => Deep(k + 1, (i, r) => i == 1 ? r.With(said) : r));
                yield return new("4.2.1.9", $"first intermediate allows {k}, {k + 1} stand below", () => Deep(k + 2, (i, r) => i == 1 ? r.With(said) : r), CertificateInvalid, TooDeep);
            }

            yield return new("6.1.4 (m)", "an intermediate cannot raise what the root allows", () => Deep(1, (i, r) => r.With(Extension.BasicConstraints(true, i == 0 ? 1 : 9))));
            yield return new("6.1.4 (m)", "an intermediate that raises the length is held to the root's", () => Deep(2, (i, r) => r.With(Extension.BasicConstraints(true, i == 0 ? 1 : 9))), CertificateInvalid, TooDeep);
            yield return new("6.1.4 (l)", "self-issued intermediates do not count", () => Deep(2, (i, r) => i == 2 ? r with { Subject = Names.Cn("Level 1") } : i == 0 ? r.With(Extension.BasicConstraints(true, 1)) : r));
            yield return new("own: depth", "the longest path, eight certificates", () => Deep(6, (_, r) => r));
            yield return new("own: depth", "nine certificates", () => Deep(7, (_, r) => r), CertificateNotTrusted, "longer than 8 certificates");
        }
    }

    private static Shown LeafAsIssuer()
    {
        var root = Recipe.Authority("Root").Issue();
        var other = Recipe.Device(root, "dev2").Issue();
        return new Shown(Recipe.Device(other).Issue(), [other], [root]);
    }
}
