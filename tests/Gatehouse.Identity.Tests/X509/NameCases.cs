using static Gatehouse.Contracts.Audit.RefusalReason;
using static Gatehouse.Identity.Tests.X509.PathCase;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>How a certificate names its device: exactly one common name, exactly the id.</summary>
internal static class NameCases
{
    private const string Section = "4.1.2.6";
    private const string WrongType = "not a text of an accepted type";

    internal static IEnumerable<PathCase> All =>
    [
        Named("as UTF8String", Names.Cn("dev1")),
        Named("as PrintableString", Names.Cn("dev1", Names.Printable)),
        Named("as T61String", Names.Cn("dev1", Names.T61)),
        Named("as BMPString", Names.Cn("dev1", Names.Bmp)),
        Named("as IA5String", Names.Cn("dev1", Names.Ia5), WrongType),
        Named("as UniversalString", Names.Cn("dev1", Names.Universal), WrongType),
        Named("as an octet string", Names.Cn("dev1", 0x04), WrongType),
        Named("beside other attributes", Names.Name(Names.Organization("Contoso"), Names.CommonName("dev1"))),
        Named("beside another attribute in one RDN", Names.Name([[.. Names.CommonName("dev1"), .. Names.Organization("Contoso")]])),
        Named("of another device", Names.Cn("dev2"), "'dev2', and 'dev1' connects with it"),
        Named("that begins with the id", Names.Cn("dev10"), "'dev10'"),
        Named("that the id begins with", Names.Cn("dev"), "'dev'"),
        Named("in another case", Names.Cn("DEV1"), "'DEV1'"),
        Named("with a blank after it", Names.Cn("dev1 "), "'dev1 '"),
        Named("with a NUL and more after it", Names.Cn("dev1\0.example.com"), "'dev1?.example.com'"),
        Named("with a NUL in a PrintableString", Names.Cn("dev1\0", Names.Printable), WrongType),
        Named("with a NUL in a BMPString", Names.Cn("dev1\0x", Names.Bmp), "'dev1?x'"),
        Named("with broken UTF-8", Names.Name([Der.Seq(Der.Oid("2.5.4.3"), Der.Tlv(0x0C, [0x64, 0xC3, 0x28]))]), WrongType),
        Named("with a letter that looks alike", Names.Cn("dеv1"), "'d?v1'"),
        Named("of a module of the device", Names.Cn("dev1/mod1"), "'dev1/mod1'"),
        Named("twice, both right", Names.Name(Names.CommonName("dev1"), Names.CommonName("dev1")), "It has 2 common names"),
        Named("twice, the first right", Names.Name(Names.CommonName("dev1"), Names.CommonName("dev2")), "It has 2 common names"),
        Named("twice in one RDN", Names.Name([[.. Names.CommonName("dev1"), .. Names.CommonName("dev2")]]), "It has 2 common names"),
        Named("without text", Names.Cn(""), "Its common name is ''"),
        Named("not there, another attribute is", Names.Name(Names.Organization("dev1")), "It has 0 common names"),
        Chain(Section, "no common name, id in the alternative names", CertificateNameMismatch, "It has 0 common names", leaf: r => r.With(Extension.Raw(Extension.AlternativeNameId, Der.Seq(Names.Dns("dev1")), true)) with { Subject = Names.Empty }),
        Chain(Section, "other common name, id in the alternative names", CertificateNameMismatch, "'dev2'", leaf: r => r.With(Extension.AlternativeNames(Names.Dns("dev1"))) with { Subject = Names.Cn("dev2") }),
        Chain(Section, "empty subject, alternative names not critical", CertificateInvalid, "it names no subject", leaf: r => r.With(Extension.AlternativeNames(Names.Dns("dev1"))) with { Subject = Names.Empty }),
        Chain(Section, "empty subject and nothing else", CertificateInvalid, "it names no subject", leaf: r => r with { Subject = Names.Empty }),
        Chain(Section, "an RDN without attributes", CertificateInvalid, "well-formed", leaf: r => r with { Subject = Der.Seq(Der.Set()) }),
    ];

    private static PathCase Named(string name, byte[] subject, string? fault = null) =>
        Chain(Section, "common name " + name, fault is null ? null : CertificateNameMismatch, fault ?? "", r => r with { Subject = subject });
}
