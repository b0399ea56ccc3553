using System.Formats.Asn1;
using System.Security.Cryptography;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Certificates;

/// <summary>Public key of a certificate: RSA of 2048–8192 bits, or one of the curves P-256, P-384, P-521.</summary>
/// <remarks>Keys are read with .NET's own classes from the raw SubjectPublicKeyInfo; explicit curve parameters are refused (CVE-2020-0601 and its kin).</remarks>
internal sealed class CertificateKey : IDisposable
{
    private const int MinRsaBits = 2048;

    // Larger keys cost the verifier time and no public CA issues them.
    private const int MaxRsaBits = 8192;
    private const string RsaOid = "1.2.840.113549.1.1.1";
    private const string EcOid = "1.2.840.10045.2.1";

    private static readonly HashSet<string> Curves = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

    private readonly RSA? rsa;
    private readonly ECDsa? ec;

    private CertificateKey(RSA? rsa, ECDsa? ec)
    {
        this.rsa = rsa;
        this.ec = ec;
    }

    internal static Result<CertificateKey> Read(ReadOnlyMemory<byte> publicKeyInfo)
    {
        try
        {
            var algorithm = new AsnReader(publicKeyInfo, AsnEncodingRules.DER).ReadSequence().ReadSequence();
            return algorithm.ReadObjectIdentifier() switch
            {
                RsaOid => ReadRsa(publicKeyInfo.Span),
                EcOid => ReadEc(publicKeyInfo.Span, algorithm),
                _ => CertificateFields.Broken("its key is neither RSA nor ECDSA"),
            };
        }
        catch (Exception error) when (error is AsnContentException or CryptographicException)
        {
            return CertificateFields.Broken("its public key cannot be read");
        }
    }

    internal bool Verifies(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, SignatureScheme scheme)
    {
        try
        {
            return scheme.RsaPadding is { } padding
                ? rsa?.VerifyData(data, signature, scheme.Hash, padding) ?? false
                : ec?.VerifyData(data, signature, scheme.Hash, DSASignatureFormat.Rfc3279DerSequence) ?? false;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        rsa?.Dispose();
        ec?.Dispose();
    }

    private static Result<CertificateKey> ReadRsa(ReadOnlySpan<byte> publicKeyInfo)
    {
        var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(publicKeyInfo, out _);
        var parameters = rsa.ExportParameters(includePrivateParameters: false);
        var exponent = parameters.Exponent!;
        var weakExponent = (exponent[^1] & 1) == 0 || exponent is [1];
        if (rsa.KeySize is >= MinRsaBits and <= MaxRsaBits && rsa.KeySize % 8 == 0 && !weakExponent)
        {
            return new CertificateKey(rsa, null);
        }

        var bits = rsa.KeySize;
        rsa.Dispose();
        return CertificateFields.Broken(weakExponent ? "its RSA exponent is unsafe" : $"its RSA key has {bits} bits, {MinRsaBits} to {MaxRsaBits} are taken");
    }

    private static Result<CertificateKey> ReadEc(ReadOnlySpan<byte> publicKeyInfo, AsnReader algorithm)
    {
        if (!algorithm.PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier) || !Curves.Contains(algorithm.ReadObjectIdentifier()))
        {
            return CertificateFields.Broken("its curve is not P-256, P-384 or P-521");
        }

        var ec = ECDsa.Create();
        ec.ImportSubjectPublicKeyInfo(publicKeyInfo, out _);
        return new CertificateKey(null, ec);
    }
}
