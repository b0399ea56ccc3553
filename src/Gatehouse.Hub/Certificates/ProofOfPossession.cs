using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Certificates;

/// <summary>The proof that an uploader holds a CA's private key: a certificate whose subject names the code that the hub gave out, signed directly by that key.</summary>
/// <remarks>Source: IoT Hub "Verify X.509 CA certificates" page. The proof needs no CA flag or key usage of its own; chains are never built, so nothing is fetched.</remarks>
internal static class ProofOfPossession
{
    /// <summary>24 random bytes as 48 upper-case hexadecimal characters.</summary>
    internal static string NewCode() => Convert.ToHexString(RandomNumberGenerator.GetBytes(24));

    /// <summary>Null when the proof holds, else what is wrong with it.</summary>
    internal static HubError? Check(byte[] proof, byte[] authority, string code, DateTimeOffset now)
    {
        var proofRead = CertificateFields.Read(proof);
        if (!proofRead.IsOk)
        {
            return proofRead.Error;
        }

        var authorityRead = CertificateFields.Read(authority);
        return authorityRead.IsOk ? Check(proofRead.Value, authorityRead.Value, code, now) : authorityRead.Error;
    }

    private static HubError? Check(CertificateFields proof, CertificateFields authority, string code, DateTimeOffset now)
    {
        if (!proof.Issuer.Span.SequenceEqual(authority.Subject.Span))
        {
            return Refused("its issuer is not the subject of the CA certificate; sign it directly with the CA's key");
        }

        if (now < proof.NotBefore || now > proof.NotAfter)
        {
            return Refused($"it is valid from {proof.NotBefore.UtcDateTime:u} to {proof.NotAfter.UtcDateTime:u}, not now");
        }

        if (now < authority.NotBefore || now > authority.NotAfter)
        {
            return Refused("the CA certificate is not valid now");
        }

        return CheckName(proof, code) ?? CheckSignature(proof, authority);
    }

    private static HubError? CheckName(CertificateFields proof, string code)
    {
        IReadOnlyList<string> names;
        try
        {
            names = CommonNames.Read(proof.Subject);
        }
        catch (AsnContentException)
        {
            return Refused("its subject cannot be read");
        }

        if (names.Count != 1)
        {
            return Refused($"its subject has {names.Count} common names (CN), one is needed");
        }

        var matches = CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(names[0]), Encoding.UTF8.GetBytes(code));
        return matches ? null : Refused("its common name (CN) is not the present verification code");
    }

    private static HubError? CheckSignature(CertificateFields proof, CertificateFields authority)
    {
        var scheme = SignatureScheme.Read(proof.SignatureAlgorithm);
        if (!scheme.IsOk)
        {
            return scheme.Error;
        }

        var key = CertificateKey.Read(authority.PublicKeyInfo);
        if (!key.IsOk)
        {
            return key.Error;
        }

        using var opened = key.Value;
        return opened.Verifies(proof.TbsCertificate.Span, proof.Signature.Span, scheme.Value)
            ? null
            : Refused("its signature was not made with the CA's private key");
    }

    private static HubError Refused(string why) => HubErrors.ArgumentInvalid.With($"The verification certificate is refused: {why}.");
}
