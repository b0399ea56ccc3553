using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Certificates;

/// <summary>Reads one certificate from the forms that clients send: PEM text, base64 of DER, base64 of PEM text, or the bytes of either.</summary>
/// <remarks>Source: the management clients send the caller's string untouched, or base64 of a file that may be PEM (observed, npm arm-iothub and arm-deviceprovisioningservices).</remarks>
internal static class CertificateText
{
    private const string Label = "CERTIFICATE";
    private const string Begin = "-----BEGIN";

    /// <summary>Bytes of a file: DER or PEM.</summary>
    internal static Result<byte[]> Read(ReadOnlySpan<byte> bytes, int maxBytes)
    {
        if (bytes.Length > MaxTextLength(maxBytes))
        {
            return TooLong(maxBytes);
        }

        return !bytes.IsEmpty && bytes[0] == 0x30 ? Limited(bytes.ToArray(), maxBytes) : Read(Encoding.UTF8.GetString(bytes), maxBytes);
    }

    /// <summary>A string of a JSON body: PEM, or base64 of PEM or DER.</summary>
    internal static Result<byte[]> Read(string? text, int maxBytes)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return HubErrors.ArgumentNull.With("The certificate is missing.");
        }

        if (text.Length > MaxTextLength(maxBytes))
        {
            return TooLong(maxBytes);
        }

        if (text.Contains(Begin, StringComparison.Ordinal))
        {
            return ReadPem(text, maxBytes);
        }

        var bytes = new byte[(text.Length / 4 * 3) + 3];
        if (!Convert.TryFromBase64String(text, bytes, out var length) || length == 0)
        {
            return HubErrors.ArgumentInvalid.With("The certificate is neither PEM nor base64.");
        }

        bytes = bytes[..length];
        if (bytes[0] == 0x30)
        {
            return Limited(bytes, maxBytes);
        }

        var inner = Encoding.UTF8.GetString(bytes);
        return inner.Contains(Begin, StringComparison.Ordinal)
            ? ReadPem(inner, maxBytes)
            : HubErrors.ArgumentInvalid.With("The base64 text holds neither a DER nor a PEM certificate.");
    }

    private static Result<byte[]> ReadPem(string text, int maxBytes)
    {
        byte[]? der = null;
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var block))
        {
            if (rest[..block.Location.Start].Contains(Begin, StringComparison.Ordinal))
            {
                return Broken;
            }

            var label = rest[block.Label];
            if (label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
            {
                return HubErrors.ArgumentInvalid.With("The PEM text holds a private key: send the certificate alone, and treat that key as exposed.");
            }

            if (!label.SequenceEqual(Label))
            {
                return HubErrors.ArgumentInvalid.With("The PEM text holds a block that is not labelled CERTIFICATE.");
            }

            if (der is not null)
            {
                return HubErrors.ArgumentInvalid.With("The PEM text holds more than one certificate: send exactly one.");
            }

            der = Convert.FromBase64String(rest[block.Base64Data].ToString());
            rest = rest[block.Location.End..];
        }

        // A BEGIN that is not of a well-formed block, before or after, would otherwise pass unseen: it may be a key.
        return der is null or { Length: 0 } || rest.Contains(Begin, StringComparison.Ordinal) ? Broken : Limited(der, maxBytes);
    }

    // base64 of PEM is 1.8 times the DER; a preamble of `openssl x509 -text` may stand before it.
    private static int MaxTextLength(int maxBytes) => 4 * maxBytes;

    private static Result<byte[]> Limited(byte[] der, int maxBytes) => der.Length > maxBytes ? TooLong(maxBytes) : der;

    private static HubError Broken => HubErrors.ArgumentInvalid.With("The PEM text is broken.");

    private static HubError TooLong(int maxBytes) => HubErrors.ArgumentInvalid.With($"The certificate is larger than {maxBytes} bytes.");
}
