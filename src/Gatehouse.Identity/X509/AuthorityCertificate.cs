using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>A CA certificate as an operator uploads it, held to the same rules as the paths of devices: none is taken that could never anchor one.</summary>
public sealed class AuthorityCertificate
{
    // A name is shown to operators and compared for each device.
    private const int MaxSubjectBytes = 2048;

    private static readonly PathOptions Options = new();
    private static readonly PathRules Rules = new(Options, CertificatePurpose.Client);

    private readonly ParsedCertificate parsed;

    private AuthorityCertificate(ParsedCertificate parsed) => this.parsed = parsed;

    public DateTimeOffset NotAfter => parsed.NotAfter;

    /// <summary>DER.</summary>
    public ReadOnlyMemory<byte> Raw => parsed.Raw;

    /// <summary>Mark of its name and key together: the issuer that a list is of, in whichever of its certificates.</summary>
    public CertificateMark IssuerMark => CertificateMark.Of(Encoding.UTF8.GetBytes($"issuer {parsed.Outline.SubjectName} {parsed.Outline.Key}"));

    /// <summary>What is known of the certificate.</summary>
    public CertificateOutline Outline => parsed.Outline;

    internal ParsedCertificate Parsed => parsed;

    /// <param name="der">One certificate and nothing else.</param>
    /// <param name="authority">The certificate; its dates are not judged.</param>
    /// <param name="fault">Why it cannot anchor devices: the end of a sentence.</param>
    public static bool TryRead(ReadOnlyMemory<byte> der, [NotNullWhen(true)] out AuthorityCertificate? authority, out string fault)
    {
        authority = null;
        if (!ParsedCertificate.TryParse(der, out var parsed, out fault))
        {
            return false;
        }

        fault = Rules.AnchorFault(parsed)
            ?? (parsed.Subject.EncodedBytes > MaxSubjectBytes ? $"its subject is longer than {MaxSubjectBytes} bytes"
                : parsed.NotAfter < parsed.NotBefore ? "it ends before it begins"
                : SignatureCheck.Scheme(parsed.SignatureAlgorithm) is null ? SignatureCheck.NotAccepted
                : "");
        authority = fault.Length == 0 ? new AuthorityCertificate(parsed) : null;
        return authority is not null;
    }

    /// <summary>Judges a proof of possession: a certificate whose one common name is the code that the hub gave out, signed directly by this CA's key.</summary>
    /// <remarks>
    /// The proof needs no usage of its own. Source: IoT Hub "Verify X.509 CA certificates" page.
    /// </remarks>
    /// <returns>What is wrong with it, the end of a sentence that tells neither name nor code; null when it holds.</returns>
    public string? ProofFault(ReadOnlyMemory<byte> proof, string code, DateTimeOffset now)
    {
        if (!ParsedCertificate.TryParse(proof, out var shown, out var fault))
        {
            return fault;
        }

        return !shown.Issuer.Equals(parsed.Subject) ? "its issuer is not the subject of the CA certificate; sign it directly with the CA's key"
            : CertificateDates.Fault(shown.NotBefore, shown.NotAfter, now) is not null ? $"it is valid from {shown.NotBefore.UtcDateTime:u} to {shown.NotAfter.UtcDateTime:u}, not now"
            : CertificateDates.Fault(parsed.NotBefore, parsed.NotAfter, now) is not null ? "the CA certificate is not valid now"
            : NameFault(shown.Subject, code)
                ?? (SignatureCheck.Fault(shown, parsed, Options) is { } wrong ? $"its signature was not made with the CA's private key: {wrong}" : null);
    }

    /// <summary>Whether the other bears this one's name as its issuer, and a signature of this one's key. Dates and usages are not judged.</summary>
    public bool HasIssued(AuthorityCertificate other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.parsed.Issuer.Equals(parsed.Subject) && SignatureCheck.Fault(other.parsed, parsed, Options) is null;
    }

    private static string? NameFault(DistinguishedName subject, string code)
    {
        var names = subject.Attributes.Where(a => a.Oid == Oids.CommonName).ToList();
        return names.Count != 1 ? $"its subject has {names.Count} common names (CN), one is needed"
            : CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(names[0].Text ?? ""), Encoding.UTF8.GetBytes(code)) ? null
            : "its common name (CN) is not the present verification code";
    }
}
