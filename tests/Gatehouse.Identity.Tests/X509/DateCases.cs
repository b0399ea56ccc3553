using static Gatehouse.Contracts.Audit.RefusalReason;
using static Gatehouse.Identity.Tests.X509.PathCase;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>Validity: whole seconds, both ends included, for every certificate of the path.</summary>
internal static class DateCases
{
    private const string Section = "4.1.2.5";

    private static readonly DateTimeOffset Now = Recipe.Now;

    internal static IEnumerable<PathCase> All =>
    [
        Chain("6.1", "all is well"),
        Chain(Section, "leaf begins now", leaf: r => r with { NotBefore = Now }),
        Chain(Section, "leaf ends now", leaf: r => r with { NotAfter = Now }),
        Chain(Section, "leaf ended a second ago", CertificateExpired, "The certificate 'CN=dev1'", leaf: r => r with { NotAfter = Now.AddSeconds(-1) }),
        Chain(Section, "leaf begins in a second", CertificateNotYetValid, "The certificate 'CN=dev1'", leaf: r => r with { NotBefore = Now.AddSeconds(1) }),
        Chain(Section, "leaf ends before it begins", CertificateExpired, "The certificate 'CN=dev1'", leaf: r => r with { NotBefore = Now.AddDays(1), NotAfter = Now.AddDays(-1) }),
        Chain(Section, "intermediate ended a second ago", CertificateExpired, "Intermediate 1 'CN=Middle'", middle: r => r with { NotAfter = Now.AddSeconds(-1) }),
        Chain(Section, "intermediate begins in a second", CertificateNotYetValid, "Intermediate 1 'CN=Middle'", middle: r => r with { NotBefore = Now.AddSeconds(1) }),
        Chain(Section, "anchor ended a second ago", CertificateExpired, "The hub's CA 'CN=Root'", root: r => r with { NotAfter = Now.AddSeconds(-1) }),
        Chain(Section, "anchor begins in a second", CertificateNotYetValid, "The hub's CA 'CN=Root'", root: r => r with { NotBefore = Now.AddSeconds(1) }),
        Chain(Section, "leaf outlives its issuers", leaf: r => r with { NotAfter = Now.AddYears(3) }),
        Chain("4.1.2.5.2", "leaf ends after 2050", leaf: r => r with { NotAfter = Now.AddYears(40) }),
        Chain("4.1.2.5", "leaf never ends (9999)", leaf: r => r with { NotAfter = new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero) }),
        Chain("4.1.2.5.1", "two-digit year 50 is 1950", CertificateExpired, "1950-", leaf: r => r with { Validity = Times("490101000000Z", "500101000000Z") }),
        Chain("4.1.2.5.1", "two-digit year 49 is 2049", leaf: r => r with { Validity = Times("250101000000Z", "491231235959Z") }),
        Malformed("a time without seconds", "2501010000Z"),
        Malformed("a time with an offset", "250101000000+0100"),
        Malformed("a thirteenth month", "251301000000Z"),
        Malformed("letters for a time", "yymmddhhmmssZ"),
    ];

    private static PathCase Malformed(string name, string begin) =>
        Chain("4.1.2.5.1", name, CertificateInvalid, "well-formed", leaf: r => r with { Validity = Times(begin, "491231235959Z") });

    private static byte[] Times(string begin, string end) => Der.Seq(Der.Text(0x17, begin), Der.Text(0x17, end));
}
