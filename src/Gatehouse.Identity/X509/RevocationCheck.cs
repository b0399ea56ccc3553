using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>Asks revocation lists about certificates. From memory: nothing is fetched, and where no list has an entry nothing is computed.</summary>
/// <remarks>decisions/0033, 0036. Names only choose which CA is looked at; that it signed is verified.</remarks>
internal sealed class RevocationCheck(IReadOnlyList<RevocationSet> lists, PathOptions options, DateTimeOffset now)
{
    private readonly bool isEmpty = lists.All(static list => list.IsEmpty);

    /// <summary>The entry of a mark; null when there is none.</summary>
    internal RevocationFault? Find(CertificateMark mark)
    {
        foreach (var list in lists)
        {
            if (list.Find(mark) is { } entry)
            {
                return RevocationFault.Of(entry);
            }
        }

        return null;
    }

    /// <summary>The entry that names this certificate, its key or its serial number; null when none does.</summary>
    internal RevocationFault? Find(CertificateOutline certificate) =>
        isEmpty ? null : Find(certificate.Thumbprint) ?? Find(certificate.Key) ?? Find(certificate.Serial);

    internal RevocationFault? Find(ParsedCertificate certificate) => isEmpty ? null : Find(certificate.Outline);

    /// <summary>What the CRL of an issuer has against a certificate that names it; null when nothing. Needs no signature: either this issuer signed it, or there is no path through it.</summary>
    internal RevocationFault? FindListed(ParsedCertificate certificate, ParsedCertificate issuer)
    {
        if (isEmpty)
        {
            return null;
        }

        foreach (var list in lists)
        {
            foreach (var known in RevocationIndex.Of(list).Named(issuer.Subject))
            {
                if (known.List is { } own && known.Certificate.HasSameKeyAndName(issuer) && Judge(own, certificate) is { } fault)
                {
                    return fault;
                }
            }
        }

        return null;
    }

    /// <summary>What is against a certificate above this one, or this one by the list of what signed it, as far as the peer showed them; null when nothing.</summary>
    internal RevocationFault? FindAbove(ParsedCertificate certificate, IReadOnlyList<ParsedCertificate> sent)
    {
        if (isEmpty)
        {
            return null;
        }

        var checks = options.MaxSignatureChecks;
        var current = certificate;
        for (var depth = 1; depth < options.MaxPathCertificates; depth++)
        {
            if (FindSigner(current, ref checks) is { } fault)
            {
                return fault;
            }

            if (NextAbove(current, sent, ref checks) is not { } above)
            {
                return null;
            }

            if (Find(above) is { } named)
            {
                return named;
            }

            current = above;
        }

        return null;
    }

    internal static (RefusalReason Reason, string Detail) Describe(ParsedCertificate certificate, RevocationFault fault, bool isPeers) =>
        fault.Describe(isPeers ? $"The certificate {certificate.Subject}" : $"{certificate.Subject}, a CA of the certificate's path,");

    private RevocationFault? FindSigner(ParsedCertificate certificate, ref int checks)
    {
        foreach (var list in lists)
        {
            foreach (var known in RevocationIndex.Of(list).Named(certificate.Issuer))
            {
                // What there would be to say, before what it costs to know whether it is meant.
                var fault = known.Entry is { } entry ? RevocationFault.Of(entry) : Judge(known.List!, certificate);
                if (fault is not null && checks-- > 0 && SignatureCheck.Fault(certificate, known.Certificate, options) is null)
                {
                    return fault;
                }
            }
        }

        return null;
    }

    private RevocationFault? Judge(IssuerList list, ParsedCertificate certificate)
    {
        if (CertificateSerial.TryRead(certificate.Serial.Span, out var serial) && list.Serials.Count > 0 && list.Find(serial, certificate.Outline.Serial) is { } entry)
        {
            return RevocationFault.Of(entry);
        }

        return list.Stale == StaleListRule.Refuse && list.IsStale(now) ? RevocationFault.Of(list) : null;
    }

    private ParsedCertificate? NextAbove(ParsedCertificate current, IReadOnlyList<ParsedCertificate> sent, ref int checks)
    {
        foreach (var candidate in sent)
        {
            if (candidate.Subject.Equals(current.Issuer) && !candidate.HasSameKeyAndName(current) && checks-- > 0 && SignatureCheck.Fault(current, candidate, options) is null)
            {
                return candidate;
            }
        }

        return null;
    }
}

/// <summary>Why a certificate is not let in by what lists say.</summary>
/// <param name="Reason">Revoked, or not to be judged.</param>
/// <param name="Words">The end of a sentence.</param>
internal sealed record RevocationFault(RefusalReason Reason, string Words)
{
    internal static RevocationFault Of(Revocation entry) => new(RefusalReason.CertificateRevoked, $"is revoked: {entry}");

    internal static RevocationFault Of(IssuerList stale) => new(RefusalReason.RevocationListStale, stale.DescribeStale());

    internal (RefusalReason Reason, string Detail) Describe(string what) => (Reason, $"{what} {Words}.");
}
