namespace Gatehouse.Identity.Tests.X509.Limbo;

/// <summary>Where a hub decides otherwise than the corpus expects, and why. docs/x509.md tells the same in short.</summary>
internal static class LimboDifferences
{
    private const string Revocation =
        "A hub looks at no revocation list, as the service: a device is cut off by disabling it or "
        + "removing its CA.";

    private const string Names =
        "A device is named by its subject CN alone; alternative names and host names are not consulted "
        + "(they are held against name constraints).";

    private const string Identifiers =
        "Key identifiers only choose which issuer is tried first: customers' own CAs, the SDKs' test "
        + "scripts among them, leave them out or wrong; the signature decides.";

    private const string Usage =
        "Rules of the web PKI on extended key usage: a device needs clientAuth or anyExtendedKeyUsage "
        + "where the extension stands, and may go without.";

    private const string AuthorityAsLeaf =
        "A certificate that may sign others is no device certificate: stricter than RFC 5280, which "
        + "leaves it to the application.";

    private const string Criticality =
        "What the extension says is applied in full; only its critical flag is missing, which the "
        + "issuer owes to verifiers that do not know it.";

    private const string Depth =
        "The bound counts every certificate of a path, self-issued ones too: it limits work and is no "
        + "policy.";

    private const string Fetching = "The extension says where to fetch; nothing is ever fetched, so its content is not read.";

    internal static IReadOnlyDictionary<string, string> Reasons { get; } = new Dictionary<string, string>
    {
        ["crl::revoked-certificate-with-crl"] = Revocation,
        ["crl::crlnumber-missing"] = Revocation,
        ["crl::crlnumber-critical"] = Revocation,
        ["crl::issuer-missing-crlsign"] = Revocation,
        ["rfc5280::san::underscore-dns"] = Names,
        ["rfc5280::san::ip-in-dns"] = Names,
        ["webpki::cn::ipv4-hex-mismatch"] = Names,
        ["webpki::cn::ipv4-leading-zeros-mismatch"] = Names,
        ["webpki::cn::ipv6-uppercase-mismatch"] = Names,
        ["webpki::cn::ipv6-uncompressed-mismatch"] = Names,
        ["webpki::cn::ipv6-non-rfc5952-mismatch"] = Names,
        ["webpki::cn::punycode-not-in-san"] = Names,
        ["webpki::cn::utf8-vs-punycode-mismatch"] = Names,
        ["webpki::cn::not-in-san"] = Names,
        ["webpki::cn::case-mismatch"] = Names,
        ["webpki::san::mismatch-domain-san"] = Names,
        ["webpki::san::mismatch-subdomain-san"] = Names,
        ["webpki::san::mismatch-subdomain-apex-san"] = Names,
        ["webpki::san::mismatch-apex-subdomain-san"] = Names,
        ["webpki::san::public-suffix-wildcard-san"] = Names,
        ["webpki::san::public-suffix-multi-label-wildcard-san"] = Names,
        ["webpki::san::public-suffix-private-namespace-wildcard-san"] = Names,
        ["webpki::san::wildcard-embedded-leftmost-san"] = Names,
        ["webpki::san::wildcard-not-in-leftmost-san"] = Names,
        ["webpki::san::wildcard-match-across-labels-san"] = Names,
        ["webpki::san::wildcard-embedded-ulabel-san"] = Names,
        ["webpki::san::no-san"] = Names,
        ["webpki::san::san-critical-with-nonempty-subject"] = Names,
        ["webpki::san::san-wildcard-only"] = Names,
        ["webpki::san::san-wildcard-only-tld"] = Names,
        ["rfc5280::aki::leaf-missing-aki"] = Identifiers,
        ["rfc5280::aki::intermediate-missing-aki"] = Identifiers,
        ["rfc5280::aki::cross-signed-root-missing-aki"] = Identifiers,
        ["rfc5280::ski::root-missing-ski"] = Identifiers,
        ["rfc5280::ski::intermediate-missing-ski"] = Identifiers,
        ["webpki::aki::root-with-aki-missing-keyidentifier"] = Identifiers,
        ["webpki::aki::root-with-aki-authoritycertissuer"] = Identifiers,
        ["webpki::aki::root-with-aki-authoritycertserialnumber"] = Identifiers,
        ["webpki::aki::root-with-aki-all-fields"] = Identifiers,
        ["webpki::aki::root-with-aki-ski-mismatch"] = Identifiers,
        ["webpki::eku::ee-anyeku"] = Usage,
        ["webpki::eku::ee-critical-eku"] = Usage,
        ["webpki::eku::ee-without-eku"] = Usage,
        ["webpki::eku::root-has-eku"] = Usage,
        ["pathlen::validation-ignores-pathlen-in-leaf"] = AuthorityAsLeaf,
        ["rfc5280::ca-as-leaf"] = AuthorityAsLeaf,
        ["rfc5280::nc::permitted-dns-match-noncritical"] = Criticality,
        ["rfc5280::root-non-critical-basic-constraints"] = Criticality,
        ["pathlen::max-chain-depth-1-self-issued"] = Depth,
        ["webpki::malformed-aia"] = Fetching,
    };
}
