using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Provisioning.CertificateStatus;

/// <summary>A question about certificates, as anybody may send it. Source: RFC 6960 §4.1; nonces RFC 8954 §2.1.</summary>
/// <remarks>Who asks, and a signature, are read over: answers are for everybody. Every bound is of what one peer may have done for one question.</remarks>
internal sealed class OcspRequest
{
    /// <summary>Bytes of DER.</summary>
    internal const int MaxBytes = 8 * 1024;

    /// <summary>Certificates that are asked for in one request.</summary>
    internal const int MaxCertificates = 16;

    /// <summary>Bytes of a nonce; one at least.</summary>
    internal const int MaxNonceBytes = 32;

    internal const string NonceExtension = "1.3.6.1.5.5.7.48.1.2";

    // Acceptable responses: a basic one is all that there is, and what every client takes.
    private const string ResponseExtension = "1.3.6.1.5.5.7.48.1.4";

    // Of SHA-512, the longest of the hashes of names and keys.
    private const int MaxHashBytes = 64;

    private readonly List<CertificateId> certificates = [];

    private OcspRequest()
    {
    }

    /// <summary>1 to <see cref="MaxCertificates"/>, in the order of the request.</summary>
    internal IReadOnlyList<CertificateId> Certificates => certificates;

    /// <summary>1 to <see cref="MaxNonceBytes"/> bytes; null for a request without.</summary>
    internal byte[]? Nonce { get; private set; }

    /// <param name="der">The request and nothing else.</param>
    /// <param name="request">What it asks; null when the answer is malformedRequest.</param>
    internal static bool TryRead(ReadOnlyMemory<byte> der, [NotNullWhen(true)] out OcspRequest? request)
    {
        request = null;
        if (der.Length > MaxBytes)
        {
            return false;
        }

        try
        {
            var read = new OcspRequest();
            request = read.Read(der) ? read : null;
        }
        catch (AsnContentException)
        {
            // Not DER, or of another form.
        }

        return request is not null;
    }

    private bool Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var whole = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var body = whole.ReadSequence();
        if (Has(whole, 0))
        {
            whole.ReadEncodedValue();
        }

        whole.ThrowIfNotEmpty();
        if (Has(body, 0) && !IsFirstVersion(body.ReadSequence(Context(0))))
        {
            return false;
        }

        if (Has(body, 1))
        {
            body.ReadEncodedValue();
        }

        var list = body.ReadSequence();
        while (list.HasData)
        {
            if (certificates.Count == MaxCertificates || ReadCertificate(list.ReadSequence()) is not { } certificate)
            {
                return false;
            }

            certificates.Add(certificate);
        }

        if (Has(body, 2) && !ReadExtensions(body.ReadSequence(Context(2)), isOfOne: false))
        {
            return false;
        }

        body.ThrowIfNotEmpty();
        return certificates.Count > 0;
    }

    private CertificateId? ReadCertificate(AsnReader reader)
    {
        var encoded = reader.PeekEncodedValue();
        var id = reader.ReadSequence();
        var algorithm = id.ReadSequence();
        var hash = algorithm.ReadObjectIdentifier();
        if (algorithm.HasData)
        {
            algorithm.ReadNull();
        }

        algorithm.ThrowIfNotEmpty();
        var (name, key) = (id.ReadOctetString(), id.ReadOctetString());
        var number = id.ReadIntegerBytes();
        id.ThrowIfNotEmpty();
        if (Has(reader, 0) && !ReadExtensions(reader.ReadSequence(Context(0)), isOfOne: true))
        {
            return null;
        }

        reader.ThrowIfNotEmpty();
        return name.Length <= MaxHashBytes && key.Length <= MaxHashBytes && CertificateSerial.TryRead(number.Span, out _) ? new CertificateId(encoded, hash, name, key, Convert.ToHexString(number.Span)) : null;
    }

    // One that must be heeded (critical) and is not known here: RFC 6960 §4.4 has the request refused.
    private bool ReadExtensions(AsnReader outer, bool isOfOne)
    {
        var extensions = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            var value = extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            if (oid == NonceExtension && !isOfOne)
            {
                if (Nonce is not null || !ReadNonce(value))
                {
                    return false;
                }
            }
            else if (isCritical && oid != ResponseExtension)
            {
                return false;
            }
        }

        return true;
    }

    private bool ReadNonce(byte[] value)
    {
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        Nonce = reader.ReadOctetString();
        reader.ThrowIfNotEmpty();
        return Nonce.Length is > 0 and <= MaxNonceBytes;
    }

    private static bool IsFirstVersion(AsnReader reader)
    {
        var isFirst = reader.TryReadInt32(out var version) && version == 0;
        reader.ThrowIfNotEmpty();
        return isFirst;
    }

    private static bool Has(AsnReader reader, int tag) => reader.HasData && reader.PeekTag().HasSameClassAndValue(Context(tag));

    private static Asn1Tag Context(int tag) => new(TagClass.ContextSpecific, tag, isConstructed: true);
}
