using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>Reads one certificate as clients send it: PEM text, base64 of DER, or base64 of PEM text.</summary>
internal static class CertificateText
{
    private const string Begin = "-----BEGIN";

    /// <summary>DER of the certificate. ArgumentInvalid.</summary>
    internal static Result<byte[]> Read(string text, int maxBytes)
    {
        if (text.Length > 4 * maxBytes)
        {
            return Invalid($"it is larger than {maxBytes} bytes");
        }

        var trimmed = text.Trim();
        if (!trimmed.Contains(Begin, StringComparison.Ordinal))
        {
            var bytes = new byte[trimmed.Length];
            if (!Convert.TryFromBase64String(trimmed, bytes, out var length) || length == 0)
            {
                return Invalid("it is neither PEM nor base64");
            }

            if (bytes[0] == 0x30)
            {
                return Checked(bytes[..length], maxBytes);
            }

            trimmed = System.Text.Encoding.UTF8.GetString(bytes, 0, length);
        }

        return ReadPem(trimmed, maxBytes);
    }

    /// <summary>The platform's own form of a certificate that was checked when it was stored.</summary>
    internal static X509Certificate2 Load(string base64) => X509CertificateLoader.LoadCertificate(Convert.FromBase64String(base64));

    private static Result<byte[]> ReadPem(string text, int maxBytes)
    {
        if (!PemEncoding.TryFind(text, out var block))
        {
            return Invalid("its PEM text is broken");
        }

        // A second block may be a private key: nothing but one certificate is taken.
        if (!text.AsSpan()[block.Label].SequenceEqual("CERTIFICATE") || text.AsSpan()[block.Location.End..].Contains(Begin, StringComparison.Ordinal))
        {
            return Invalid("the PEM text must hold one certificate and nothing else");
        }

        return Checked(Convert.FromBase64String(text[block.Base64Data]), maxBytes);
    }

    private static Result<byte[]> Checked(byte[] der, int maxBytes)
    {
        if (der.Length > maxBytes)
        {
            return Invalid($"it is larger than {maxBytes} bytes");
        }

        try
        {
            using var loaded = X509CertificateLoader.LoadCertificate(der);
            return loaded.RawDataMemory.Span.SequenceEqual(der) ? der : Invalid("something follows it");
        }
        catch (CryptographicException)
        {
            return Invalid("it is no certificate");
        }
    }

    private static HubError Invalid(string why) => ProvisioningErrors.ArgumentInvalid.With($"The certificate cannot be used: {why}.");
}
