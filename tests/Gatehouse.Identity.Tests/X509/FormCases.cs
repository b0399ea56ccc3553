using static Gatehouse.Contracts.Audit.RefusalReason;
using static Gatehouse.Identity.Tests.X509.PathCase;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>How a certificate is written: version, serial, extensions, DER.</summary>
internal static class FormCases
{
    private const string NotDer = "not a well-formed certificate";
    private const string NotThree = "not a version 3 certificate";

    private static readonly byte[] AuthorityAccess = Der.Seq(Der.Seq(Der.Oid("1.3.6.1.5.5.7.48.2"), Names.Uri("http://192.0.2.1/ca.cer")));

    internal static IEnumerable<PathCase> All => [.. Fields, .. InExtensions, .. Bytes];

    private static IEnumerable<PathCase> Fields =>
    [
        Chain("4.1.2.1", "version 1", CertificateInvalid, NotThree, leaf: r => r with { Version = [], Extensions = [] }),
        Chain("4.1.2.1", "version 2", CertificateInvalid, NotThree, leaf: r => r with { Version = Der.Wrapped(0, Der.Int(1)) }),
        Chain("4.1.2.1", "version 4", CertificateInvalid, NotThree, leaf: r => r with { Version = Der.Wrapped(0, Der.Int(3)) }),
        Chain("4.1.2.1", "version of five octets", CertificateInvalid, NotThree, leaf: r => r with { Version = Der.Wrapped(0, Der.Int(2, 0, 0, 0, 0)) }),
        Chain("4.1.2.1", "more after the version", CertificateInvalid, NotThree, leaf: r => r with { Version = Der.Wrapped(0, Der.Int(2), Der.Null) }),
        Chain("4.1.2.1", "intermediate of version 1", CertificateNotTrusted, "neither came with it", middle: r => r with { Version = [], Extensions = [] }),
        Chain("4.1.2.2", "serial zero", CertificateInvalid, "its serial number", leaf: r => r with { Serial = Der.Int(0) }),
        Chain("4.1.2.2", "negative serial", CertificateInvalid, "its serial number", leaf: r => r with { Serial = Der.Int(0x81) }),
        Chain("4.1.2.2", "negative serial of the intermediate", CertificateInvalid, "Intermediate 1 'CN=Middle' is not acceptable: its serial", middle: r => r with { Serial = Der.Int(0xFF, 1) }),
        Chain("4.1.2.2", "serial of the anchor does not matter", root: r => r with { Serial = Der.Int(0) }),
        Chain("4.1.2.2", "serial of 20 octets", leaf: r => r with { Serial = Der.Int([0x7F, .. new byte[19]]) }),
        Chain("4.1.2.2", "serial of 21 octets", CertificateInvalid, "its serial number", leaf: r => r with { Serial = Der.Int([0x7F, .. new byte[20]]) }),
        Chain("4.1.2.2", "serial with a needless zero", CertificateInvalid, NotDer, leaf: r => r with { Serial = Der.Int(0, 1) }),
        Chain("4.1.2.8", "unique identifiers", leaf: r => r with { UniqueIds = [.. Der.Tagged(1, [0, 1]), .. Der.Tagged(2, [0, 2])] }),
        Chain("4.1.2.8", "the same unique identifier twice", CertificateInvalid, NotDer, leaf: r => r with { UniqueIds = [.. Der.Tagged(2, [0, 1]), .. Der.Tagged(2, [0, 2])] }),
        Chain("4.1.2.4", "leaf that names no issuer", CertificateNotTrusted, "neither came with it", leaf: r => r with { IssuerName = Names.Empty }),
        new("4.1.2.6", "CA without a subject", () => Three(root: r => r with { Subject = Names.Empty }), CertificateInvalid, "names no issuer"),
    ];

    private static IEnumerable<PathCase> InExtensions =>
    [
        Unknown("unknown extension, not critical", false, 0, null),
        Unknown("unknown critical extension in the leaf", true, 0, "The certificate 'CN=dev1'"),
        Unknown("unknown critical extension in the intermediate", true, 1, "Intermediate 1 'CN=Middle'"),
        Unknown("unknown critical extension in the anchor", true, 2, "The hub's CA 'CN=Root'"),
        Chain("4.2.1.11", "policy constraints", CertificateInvalid, "it has the", middle: r => r.With(Extension.Raw("2.5.29.36", Der.Seq(Der.Tagged(0, [0])), true))),
        Chain("4.2.1.14", "inhibitAnyPolicy", CertificateInvalid, "it has the", middle: r => r.With(Extension.Raw("2.5.29.54", Der.Int(0), true))),
        Chain("4.2.1.5", "policy mappings, not critical", CertificateInvalid, "policy extension 2.5.29.33", middle: r => r.With(Extension.Raw("2.5.29.33", Der.Seq()))),
        Chain("4.2.1.4", "certificate policies", leaf: r => r.With(Extension.Raw("2.5.29.32", Der.Seq(Der.Seq(Der.Oid("2.5.29.32.0"))), true))),
        Chain("4.2.1.1", "critical authority key identifier", CertificateInvalid, "critical extension 2.5.29.35", leaf: r => r.With(Extension.Raw(Extension.AuthorityKeyId, Der.Seq(), true))),
        Chain("4.2.1.2", "critical subject key identifier", CertificateInvalid, "critical extension 2.5.29.14", leaf: r => r.With(Extension.Raw(Extension.SubjectKeyId, Der.Octets([1]), true))),
        Chain("4.2.2.1", "critical authority information access", CertificateInvalid, "critical extension 1.3.6.1.5.5.7.1.1", leaf: r => r.With(Extension.Raw("1.3.6.1.5.5.7.1.1", AuthorityAccess, true))),
        Chain("4.2.2.1", "authority information access, not critical", leaf: r => r.With(Extension.Raw("1.3.6.1.5.5.7.1.1", AuthorityAccess))),
        Chain("4.2", "the same extension twice", CertificateInvalid, "the extension 2.5.29.37 occurs twice", leaf: r => r.And(Extension.ExtendedUsage(Extension.ServerAuth))),
        Chain("4.2", "an unknown extension twice", CertificateInvalid, "occurs twice", leaf: r => r.And(Extension.Raw(Extension.UnknownId, [])).And(Extension.Raw(Extension.UnknownId, []))),
        Chain("4.2", "basic constraints twice in the intermediate", CertificateNotTrusted, "neither came with it", middle: r => r.And(Extension.BasicConstraints(true))),
        Chain("4.2", "no extensions at all", leaf: r => r with { Extensions = [] }),
        Chain("4.2", "an empty list of extensions", CertificateInvalid, NotDer, leaf: r => r with { Extensions = [], UniqueIds = Der.Wrapped(3, Der.Seq()) }),
        Chain("4.2", "more inside an extension", CertificateInvalid, NotDer, leaf: r => r.With(Extension.Raw(Extension.ExtendedUsageId, [.. Der.Seq(Der.Oid(Extension.ClientAuth)), .. Der.Null]))),
        Chain("4.2.1.6", "no alternative name in the list", CertificateInvalid, NotDer, leaf: r => r.With(Extension.AlternativeNames())),
        Chain("4.2.1.6", "NUL in an alternative name", CertificateInvalid, NotDer, leaf: r => r.With(Extension.AlternativeNames(Names.Dns("a\0b")))),
        Chain("4.2.1.6", "an alternative name of no known form", CertificateInvalid, NotDer, leaf: r => r.With(Extension.AlternativeNames(Der.Tagged(9, [1])))),
    ];

    private static IEnumerable<PathCase> Bytes =>
    [
        Whole("bytes after it", w => [.. w, 0]),
        Whole("a second certificate after it", w => [.. w, .. w]),
        Whole("cut in the middle", w => w[..(w.Length / 2)]),
        Whole("cut by one byte", w => w[..^1]),
        Whole("no bytes", _ => []),
        Whole("noise", _ => [.. Enumerable.Range(0, 300).Select(i => (byte)(i * 37))]),
        Whole("an empty sequence", _ => Der.Seq()),
        Whole("PEM text", w => System.Text.Encoding.ASCII.GetBytes("-----BEGIN CERTIFICATE-----\n" + Convert.ToBase64String(w) + "\n-----END CERTIFICATE-----\n")),
        Whole("a length of indefinite form", w => [0x30, 0x80, .. w[4..], 0, 0]),
        Whole("a length with a needless octet", w => [0x30, 0x83, 0, .. w[2..]]),
        Whole("ten thousand nested sequences", _ => Nested(10_000)),
        Chain("own: size", "leaf of more than 64 KiB", CertificateInvalid, "65536 are allowed", leaf: r => r.With(Extension.Raw(Extension.UnknownId, new byte[65_536]))),
        Chain("own: size", "leaf and intermediate of more than 64 KiB together", CertificateInvalid, "65536 are allowed", leaf: Fat, middle: Fat),
    ];

    private static Recipe Fat(Recipe recipe) => recipe.With(Extension.Raw(Extension.UnknownId, new byte[33_000]));

    private static PathCase Whole(string name, Func<byte[], byte[]> change) =>
        Chain("4.1", name, CertificateInvalid, NotDer, leaf: r => r with { ChangeWhole = change });

    private static PathCase Unknown(string name, bool critical, int where, string? who)
    {
        Func<Recipe, Recipe> add = r => r.With(Extension.Raw(Extension.UnknownId, Der.Null, critical));
        return Chain(
            "4.2", name, who is null ? null : CertificateInvalid, who is null ? "" : $"{who} is not acceptable: it has the critical extension",
            where == 0 ? add : null, where == 1 ? add : null, where == 2 ? add : null);
    }

    private static byte[] Nested(int depth)
    {
        var bytes = Array.Empty<byte>();
        for (var i = 0; i < depth && bytes.Length < 30_000; i++)
        {
            bytes = Der.Seq(bytes);
        }

        return bytes;
    }
}
