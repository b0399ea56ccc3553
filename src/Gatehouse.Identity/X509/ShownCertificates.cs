using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>Certificates that are pinned, not led to a CA: which revocations concern them all the same.</summary>
internal sealed class ShownCertificates(PathOptions options)
{
    /// <summary>Why the certificate is revoked, or one that signed it as far as the peer showed them; null when none is.</summary>
    internal (RefusalReason Reason, string Detail)? FindRevocation(PeerCertificate shown, DateTimeOffset now, params IReadOnlyList<RevocationSet> lists)
    {
        if (lists.All(static list => list.IsEmpty))
        {
            return null;
        }

        var revocations = new RevocationCheck(lists, options, now);
        if (!CertificateOutline.TryRead(shown.Leaf.RawDataMemory, out var leaf))
        {
            return revocations.Find(CertificateMark.Of(shown.Leaf.RawDataMemory.Span)) is { } named ? named.Describe("The certificate") : null;
        }

        if (revocations.Find(leaf) is { } entry)
        {
            return entry.Describe($"The certificate {leaf.SubjectText}");
        }

        return ParsedCertificate.TryParse(shown.Leaf.RawDataMemory, out var parsed, out _) && revocations.FindAbove(parsed, Readable(shown)) is { } above
            ? above.Describe($"A CA above the certificate {leaf.SubjectText}, or the certificate itself,")
            : null;
    }

    /// <summary>For a certificate that breaks the grammar of certificates: its thumbprint alone, for nothing else can name it.</summary>
    internal static CertificateTrace TraceOf(PeerCertificate shown)
    {
        if (!CertificateOutline.TryRead(shown.Leaf.RawDataMemory, out var leaf))
        {
            var thumbprint = CertificateMark.Of(shown.Leaf.RawDataMemory.Span).Short;
            return new CertificateTrace(thumbprint, thumbprint, thumbprint, []);
        }

        var above = new List<CertificateOutline>();
        foreach (var certificate in shown.Intermediates)
        {
            if (CertificateOutline.TryRead(certificate.RawDataMemory, out var read))
            {
                above.Add(read);
            }
        }

        return CertificateTraces.Of(leaf, above);
    }

    private static List<ParsedCertificate> Readable(PeerCertificate shown)
    {
        var readable = new List<ParsedCertificate>();
        foreach (var certificate in shown.Intermediates)
        {
            if (ParsedCertificate.TryParse(certificate.RawDataMemory, out var parsed, out _))
            {
                readable.Add(parsed);
            }
        }

        return readable;
    }
}
