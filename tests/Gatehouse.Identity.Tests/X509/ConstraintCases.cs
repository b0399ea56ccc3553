using static Gatehouse.Contracts.Audit.RefusalReason;
using static Gatehouse.Identity.Tests.X509.PathCase;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>Name constraints, form by form.</summary>
internal static class ConstraintCases
{
    private const string Section = "4.2.1.10";
    private const string NotPermitted = "is not permitted by the name constraints";
    private const string Out = "is excluded by the name constraints";
    private const string Unclear = "cannot be judged by";

    private static readonly byte[] Contoso = Names.Name(Names.Organization("Contoso"), Names.CommonName("dev1"));

    internal static IEnumerable<PathCase> All => [.. Hosts, .. Directories, .. Mail, .. Addresses, .. Others, .. Places];

    private static IEnumerable<PathCase> Hosts =>
    [
        Named("DNS name below the permitted one", Extension.Permitted(Names.Dns("example.com")), Names.Dns("dev1.example.com")),
        Named("DNS name equal to the permitted one in another case", Extension.Permitted(Names.Dns("Example.com")), Names.Dns("eXample.COM")),
        Named("DNS name beside the permitted one", Extension.Permitted(Names.Dns("example.com")), Names.Dns("badexample.com"), NotPermitted),
        Named("DNS name under the excluded one", Extension.Excluded(Names.Dns("example.com")), Names.Dns("a.example.com"), Out),
        Named("DNS name beside the excluded one", Extension.Excluded(Names.Dns("example.com")), Names.Dns("badexample.com")),
        Named("wildcard that reaches into the excluded name", Extension.Excluded(Names.Dns("a.example.com")), Names.Dns("*.example.com"), Out),
        Named("wildcard above the permitted name", Extension.Permitted(Names.Dns("a.example.com")), Names.Dns("*.example.com"), NotPermitted),
        Named("every DNS name is excluded", Extension.Excluded(Names.Dns("")), Names.Dns("example.com"), Out),
        Named("DNS name that is none", Extension.Permitted(Names.Dns("example.com")), Names.Dns("a b.example.com"), Unclear),
        Named("no name of the constrained form", Extension.Permitted(Names.Dns("example.com")), Names.Uri("https://example.org/")),
        Named("second name is excluded", Extension.Excluded(Names.Dns("example.com")), [Names.Dns("example.org"), Names.Dns("example.com")], Out),
        Named("permitted and excluded at once", Extension.Constraints([Names.Dns("example.com")], [Names.Dns("a.example.com")]), Names.Dns("a.example.com"), Out),
        Named("URI on the permitted host", Extension.Permitted(Names.Uri("example.com")), Names.Uri("https://example.com:8443/a?b")),
        Named("URI below the permitted domain", Extension.Permitted(Names.Uri(".example.com")), Names.Uri("urn://user@a.example.com#x")),
        Named("URI on another host", Extension.Permitted(Names.Uri("example.com")), Names.Uri("https://a.example.com/"), NotPermitted),
        Named("URI on the excluded host", Extension.Excluded(Names.Uri("example.com")), Names.Uri("https://example.com/"), Out),
        Named("URI with an address for a host", Extension.Excluded(Names.Uri("example.com")), Names.Uri("https://192.0.2.1/"), Unclear),
        Named("URI without a host", Extension.Permitted(Names.Uri("example.com")), Names.Uri("urn:dev:1"), Unclear),
    ];

    private static IEnumerable<PathCase> Directories =>
    [
        Subject("subject in the permitted directory", Extension.Permitted(Names.Directory(Names.Name(Names.Organization("Contoso"))))),
        Subject("subject in the permitted directory, written otherwise", Extension.Permitted(Names.Directory(Names.Name(Names.Organization("  CONTOSO "))))),
        Subject("subject outside the permitted directory", Extension.Permitted(Names.Directory(Names.Name(Names.Organization("Fabrikam")))), NotPermitted),
        Subject("subject in the excluded directory", Extension.Excluded(Names.Directory(Names.Name(Names.Organization("Contoso")))), Out),
        Subject("directory name whose parts merely begin alike", Extension.Permitted(Names.Directory(Names.Name(Names.Organization("Cont")))), NotPermitted),
        Named("directory name in the alternative names", Extension.Excluded(Names.Directory(Names.Name(Names.Organization("Bad")))), Names.Directory(Names.Name(Names.Organization("Bad"))), Out),
    ];

    private static IEnumerable<PathCase> Mail =>
    [
        Named("mailbox that is permitted", Extension.Permitted(Names.Mail("a@example.com")), Names.Mail("a@EXAMPLE.com")),
        Named("mailbox in another case than permitted", Extension.Permitted(Names.Mail("a@example.com")), Names.Mail("A@example.com"), NotPermitted),
        Named("mailbox on the permitted host", Extension.Permitted(Names.Mail("example.com")), Names.Mail("a@example.com")),
        Named("mailbox below the permitted host", Extension.Permitted(Names.Mail("example.com")), Names.Mail("a@b.example.com"), NotPermitted),
        Named("mailbox in the excluded domain", Extension.Excluded(Names.Mail(".example.com")), Names.Mail("a@b.example.com"), Out),
        Named("mailbox with two at signs", Extension.Permitted(Names.Mail("example.com")), Names.Mail("a@b@example.com"), Unclear),
        new(Section, "mailbox in the subject", () => Three(r => r with { Subject = Names.Name(Names.CommonName("dev1"), Names.Email("a@example.org")) }, r => r.With(Extension.Permitted(Names.Mail("example.com")))), CertificateInvalid, NotPermitted),
    ];

    private static IEnumerable<PathCase> Addresses =>
    [
        Named("address in the permitted network", Extension.Permitted(Names.Ip(192, 0, 2, 0, 255, 255, 255, 0)), Names.Ip(192, 0, 2, 77)),
        Named("address outside the permitted network", Extension.Permitted(Names.Ip(192, 0, 2, 0, 255, 255, 255, 0)), Names.Ip(192, 0, 3, 77), NotPermitted),
        Named("address in the excluded network", Extension.Excluded(Names.Ip(192, 0, 0, 0, 255, 255, 0, 0)), Names.Ip(192, 0, 3, 77), Out),
        Named("IPv6 address where IPv4 is permitted", Extension.Permitted(Names.Ip(192, 0, 2, 0, 255, 255, 255, 0)), Names.Ip(new byte[16]), NotPermitted),
        Named("IPv6 address in the permitted network", Extension.Permitted(Names.Ip([0x20, 1, 0xD, 0xB8, .. new byte[12], 255, 255, 255, 255, .. new byte[12]])), Names.Ip([0x20, 1, 0xD, 0xB8, .. new byte[11], 1])),
        Chain(Section, "a mask with holes", CertificateNotTrusted, "neither came with it", middle: r => r.With(Extension.Permitted(Names.Ip(192, 0, 2, 0, 255, 0, 255, 0)))),
        Chain(Section, "an address without its mask", CertificateNotTrusted, "neither came with it", middle: r => r.With(Extension.Permitted(Names.Ip(192, 0, 2, 0)))),
        Chain("4.2.1.6", "an address of five octets", CertificateInvalid, "well-formed", leaf: r => r.With(Extension.AlternativeNames(Names.Ip(1, 2, 3, 4, 5)))),
    ];

    private static IEnumerable<PathCase> Others =>
    [
        Named("unsupported form, critical, name present", Extension.Permitted(Names.Other()), Names.Other(), Unclear),
        Named("unsupported form, not critical, name present", Extension.Constraints([Names.Other()], [], critical: false), Names.Other(), Unclear),
        Named("unsupported form excluded, name present", Extension.Excluded(Names.Registered()), Names.Registered(), Out),
        Named("unsupported form, no such name", Extension.Permitted(Names.Other(), Names.Registered()), Names.Dns("example.com")),
        Named("supported form, not critical, still applies", Extension.Constraints([Names.Dns("example.com")], [], critical: false), Names.Dns("example.org"), NotPermitted),
        Chain(Section, "constraints without content", CertificateNotTrusted, "neither came with it", middle: r => r.With(Extension.Constraints([], []))),
        Chain(Section, "a minimum other than zero", CertificateNotTrusted, "neither came with it", middle: r => r.With(Extension.Raw(Extension.NameConstraintsId, Der.Seq(Der.Wrapped(0, Der.Seq(Names.Dns("example.com"), Der.Tagged(0, [1])))), true))),
        Chain(Section, "a wildcard for a constraint", CertificateNotTrusted, "neither came with it", middle: r => r.With(Extension.Permitted(Names.Dns("*.example.com")))),
        Chain(Section, "constraints in a leaf", CertificateInvalid, "only a CA may have name constraints", leaf: r => r.With(Extension.Permitted(Names.Dns("example.com")))),
        new(Section, "more names times constraints than can be looked at", Bomb, CertificateInvalid, "so many name constraints"),
        new(Section, "as many of a form that does not occur", OtherBomb, CertificateInvalid, "so many name constraints"),
    ];

    private static IEnumerable<PathCase> Places =>
    [
        Chain(Section, "constraints of the anchor hold", CertificateInvalid, NotPermitted, leaf: Has(Names.Dns("example.org")), root: r => r.With(Extension.Permitted(Names.Dns("example.com")))),
        Chain(Section, "constraints hold for the intermediate too", CertificateInvalid, "Intermediate 1 'CN=Middle'", middle: Has(Names.Dns("example.org")), root: r => r.With(Extension.Permitted(Names.Dns("example.com")))),
        Chain(Section, "an intermediate cannot widen", CertificateInvalid, NotPermitted, Has(Names.Dns("example.org")), r => r.With(Extension.Permitted(Names.Dns("example.com"), Names.Dns("example.org"))), r => r.With(Extension.Permitted(Names.Dns("example.com")))),
        Chain(Section, "an intermediate may narrow", CertificateInvalid, NotPermitted, Has(Names.Dns("b.example.com")), r => r.With(Extension.Permitted(Names.Dns("a.example.com"))), r => r.With(Extension.Permitted(Names.Dns("example.com")))),
        Chain("6.1.3 (b)", "a self-issued intermediate is exempt", null, "", Has(Names.Dns("example.com")), r => Has(Names.Dns("example.org"))(r) with { Subject = Names.Cn("Root") }, r => r.With(Extension.Permitted(Names.Dns("example.com")))),
    ];

    private static PathCase Named(string name, (string, byte[]) constraints, byte[] alternative, string? fault = null) => Named(name, constraints, [alternative], fault);

    private static PathCase Named(string name, (string, byte[]) constraints, byte[][] alternatives, string? fault = null) =>
        Chain(Section, name, fault is null ? null : CertificateInvalid, fault ?? "", Has(alternatives), r => r.With(constraints));

    private static PathCase Subject(string name, (string, byte[]) constraints, string? fault = null) =>
        Chain(Section, name, fault is null ? null : CertificateInvalid, fault ?? "", r => r with { Subject = Contoso }, r => r.With(constraints));

    private static Func<Recipe, Recipe> Has(params byte[][] names) => r => r.With(Extension.AlternativeNames(names));

    private static Shown Bomb() => Three(
        Has([.. Enumerable.Range(0, 100).Select(i => Names.Dns($"n{i}.example.com"))]),
        r => r.With(Extension.Excluded([.. Enumerable.Range(0, 100).Select(i => Names.Dns($"c{i}.example.com"))])));

    private static Shown OtherBomb() => Three(
        Has([.. Enumerable.Range(0, 100).Select(i => Names.Dns($"n{i}.example.com"))]),
        r => r.With(Extension.Permitted([.. Enumerable.Range(0, 100).Select(i => Names.Mail($"c{i}.example.com"))])));
}
