using static Gatehouse.Contracts.Audit.RefusalReason;
using static Gatehouse.Identity.Tests.X509.PathCase;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>What a path may end at, and how one is found among several.</summary>
internal static class TrustCases
{
    internal static IEnumerable<PathCase> All => [.. Anchors, .. Crossed, .. Linked, .. Bounds];

    private static IEnumerable<PathCase> Anchors =>
    [
        new("6.1.1 (d)", "the CA is not verified", () => Three() with { Anchors = [] }, CertificateNotTrusted, "there is none at all"),
        new("6.1.1 (d)", "another CA is verified", () => Three() with { Anchors = [Recipe.Authority("Other").Issue()] }, CertificateNotTrusted, "('CN=Other')"),
        new("6.1.1 (d)", "the peer sends its unverified root", () => Three() is var s ? s with { Sent = [.. s.Sent, .. s.Anchors], Anchors = [] } : s, CertificateNotTrusted, "The path ends at 'CN=Root'"),
        new("6.1.1 (d)", "the peer sends the verified root too", () => Three() is var s ? s with { Sent = [.. s.Sent, .. s.Anchors] } : s),
        new("6.1.1 (d)", "the intermediate is not sent", () => Three() with { Sent = [] }, CertificateNotTrusted, "names the issuer 'CN=Middle', which neither came with it"),
        new("6.1.1 (d)", "the verified intermediate is the anchor", () => Three() is var s ? s with { Sent = [], Anchors = s.Sent } : s),
        new("6.1.1 (d)", "the verified intermediate is the anchor, its expired root is sent", () => Three(root: r => r with { NotAfter = Recipe.Now.AddDays(-1) }) is var s ? s with { Sent = s.Anchors, Anchors = s.Sent } : s),
        new("6.1.1 (d)", "verified intermediate that has expired", () => Three(middle: r => r with { NotAfter = Recipe.Now.AddDays(-1) }) is var s ? s with { Sent = [], Anchors = s.Sent } : s, CertificateExpired, "The hub's CA 'CN=Middle'"),
        new("6.1.1 (d)", "root and intermediate are both verified", () => Three() is var s ? s with { Anchors = [.. s.Anchors, .. s.Sent] } : s),
        new("6.1.1 (d)", "a CA of the verified one's name and another key", () => Three() with { Anchors = [Recipe.Authority("Root").Issue()] }, CertificateNotTrusted, "another key signed it"),
        new("6.1.1 (d)", "an intermediate of the verified one's name and another key", ForgedMiddle, CertificateNotTrusted, "'CN=Middle' names the issuer 'CN=Root', which neither came with it"),
        new("6.1.1 (d)", "a self-signed leaf", () => SelfSigned(false), CertificateNotTrusted, "The path ends at 'CN=dev1'"),
        new("6.1.1 (d)", "a self-signed leaf that is uploaded as a CA", () => SelfSigned(true), CertificateNotTrusted, "The path ends at 'CN=dev1'"),
        new("6.1.1 (d)", "the CA's own certificate for a leaf", () => Three(root: r => r with { Subject = Names.Cn("dev1") }) is var s ? s with { Leaf = s.Anchors[0], Sent = [] } : s, CertificateNotTrusted, "which is not a verified CA"),
        new("6.1.1 (d)", "two verified CAs of one name, the second signed", () => Three() is var s ? s with { Anchors = [Recipe.Authority("Root").Issue(), .. s.Anchors] } : s),
    ];

    private static IEnumerable<PathCase> Crossed =>
    [
        new("6.1", "cross-signed CA, the first way is not trusted", () => CrossSigned()),
        new("6.1", "cross-signed CA, the second way is not trusted", () => CrossSigned() is var s ? s with { Sent = [.. s.Sent.Reverse()] } : s),
        new("6.1", "cross-signed CA, both verified, the first way has expired", () => CrossSigned(a => a with { NotAfter = Recipe.Now.AddDays(-1) }, bothTrusted: true)),
        new("6.1", "cross-signed CA, both verified, the first way forbids the name", () => CrossSigned(a => a.With(Extension.Excluded(Names.Directory(Names.Cn("dev1")))), bothTrusted: true)),
        new("6.1", "cross-signed CA, both ways have expired", () => CrossSigned(a => a with { NotAfter = Recipe.Now.AddDays(-1) }, b => b with { NotAfter = Recipe.Now.AddDays(-1) }, bothTrusted: true), CertificateExpired, "The hub's CA"),
        new("6.1", "a new root signed by the old, only the old is verified", CrossedRoot),
        new("6.1", "renewed CA certificate with the same key, the old one has expired", Renewed, CertificateExpired, "The hub's CA 'CN=Root'"),
    ];

    private static IEnumerable<PathCase> Linked =>
    [
        Chain("6.1.3 (a)(4)", "issuer's name differs", CertificateNotTrusted, "names the issuer 'CN=Somebody'", leaf: r => r with { IssuerName = Names.Cn("Somebody") }),
        Chain("7.1", "issuer's name in another string type", leaf: r => r with { IssuerName = Names.Cn("Middle", Names.Printable) }),
        Chain("7.1", "issuer's name in another case and spacing", leaf: r => r with { IssuerName = Names.Cn(" mIDDLE ") }),
        Chain("7.1", "issuer's name with one part more", CertificateNotTrusted, "neither came with it", leaf: r => r with { IssuerName = Names.Name(Names.CommonName("Middle"), Names.Organization("X")) }),
        Chain("4.2.1.1", "key identifiers that agree", leaf: r => r.Identified(), middle: r => r.Identified(), root: r => r.Identified()),
        Chain("4.2.1.1", "authority key identifier of nobody: the signature decides", leaf: r => r.With(Extension.Raw(Extension.AuthorityKeyId, Der.Seq(Der.Tagged(0, [1, 2, 3])))), middle: r => r.Identified()),
        Chain("4.2.1.1", "authority key identifier that is malformed", CertificateInvalid, "well-formed", leaf: r => r.With(Extension.Raw(Extension.AuthorityKeyId, Der.Null))),
    ];

    private static IEnumerable<PathCase> Bounds =>
    [
        new("own: bounds", "a hundred certificates", () => Three() is var s ? s with { Sent = [.. Enumerable.Repeat(s.Sent[0], 100)] } : s, CertificateInvalid, "The peer sent 101 certificates"),
        new("own: bounds", "sixteen certificates", () => Three() is var s ? s with { Sent = [.. Enumerable.Repeat(s.Sent[0], 15)] } : s),
        new("own: bounds", "seventeen certificates", () => Three() is var s ? s with { Sent = [.. Enumerable.Repeat(s.Sent[0], 16)] } : s, CertificateInvalid, "The peer sent 17 certificates"),
        new("own: bounds", "an intermediate that is noise beside the good one", () => Three() is var s ? s with { Sent = [s.Sent[0] with { Raw = [1, 2, 3] }, .. s.Sent] } : s),
        new("own: bounds", "two CAs that signed each other", Loop, CertificateNotTrusted, "The path from 'CN=B' leads back to 'CN=A', which is not a verified CA"),
        new("own: bounds", "a CA that signed itself twice", SelfLoop, CertificateNotTrusted, "The path ends at"),
        new("own: bounds", "fourteen intermediates of the right name and another key before the right one", () => Crowd(14)),
    ];

    private static Shown ForgedMiddle()
    {
        var good = Three();
        var forged = Recipe.Authority("Middle", Recipe.Authority("Root").Issue()).Issue();
        return new Shown(Recipe.Device(forged).Issue(), [forged], good.Sent);
    }

    private static Shown SelfSigned(bool isUploaded)
    {
        var leaf = (Recipe.Device(null!) with { Issuer = null }).Issue();
        return new Shown(leaf, [], isUploaded ? [leaf] : []);
    }

    private static Shown CrossSigned(Func<Recipe, Recipe>? first = null, Func<Recipe, Recipe>? second = null, bool bothTrusted = false)
    {
        var a = (first ?? (r => r))(Recipe.Authority("Root A")).Issue();
        var b = (second ?? (r => r))(Recipe.Authority("Root B")).Issue();
        var underA = Recipe.Authority("Shared", a).Issue();
        var underB = (Recipe.Authority("Shared", b) with { Key = underA.Key }).Issue();
        return new Shown(Recipe.Device(underA).Issue(), [underA, underB], bothTrusted ? [a, b] : [b]);
    }

    private static Shown CrossedRoot()
    {
        var old = Recipe.Authority("Old").Issue();
        var fresh = Recipe.Authority("New").Issue();
        var crossed = (Recipe.Authority("New", old) with { Key = fresh.Key }).Issue();
        return new Shown(Recipe.Device(fresh).Issue(), [fresh, crossed], [old]);
    }

    private static Shown Renewed()
    {
        var root = (Recipe.Authority("Root") with { NotAfter = Recipe.Now.AddDays(-1) }).Issue();
        var renewed = (Recipe.Authority("Root") with { Key = root.Key }).Issue();
        return new Shown(Recipe.Device(root).Issue(), [renewed], [root]);
    }

    private static Shown Loop()
    {
        var (a, b) = (Recipe.Authority("A").Issue(), Recipe.Authority("B").Issue());
        var aByB = (Recipe.Authority("A", b) with { Key = a.Key }).Issue();
        var bByA = (Recipe.Authority("B", a) with { Key = b.Key }).Issue();
        return new Shown(Recipe.Device(a).Issue(), [aByB, bByA], [Recipe.Authority("Root").Issue()]);
    }

    private static Shown SelfLoop()
    {
        var first = Recipe.Authority("A").Issue();
        var second = (Recipe.Authority("A") with { Key = first.Key }).Issue();
        return new Shown(Recipe.Device(first).Issue(), [first, second], []);
    }

    internal static Shown Crowd(int strangers)
    {
        var good = Three();
        return good with { Sent = [.. Enumerable.Range(0, strangers).Select(_ => Recipe.Authority("Middle").Issue()), .. good.Sent] };
    }
}
