using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Text;

namespace Gatehouse.Identity.X509;

/// <summary>A request for a certificate (PKCS #10, RFC 2986), read by our own rules. Of what it says only the public key, and whom it names, are ever looked at.</summary>
public sealed class CertificateSigningRequest
{
    /// <summary>Bytes of DER. Source: IoT Hub "Certificate renewal" page.</summary>
    public const int MaxBytes = 8 * 1024;

    /// <summary>Characters of a common name. RFC 5280 appendix A, ub-common-name.</summary>
    public const int MaxNameCharacters = 64;

    private const string ExtensionRequest = "1.2.840.113549.1.9.14";

    private static readonly PathOptions Options = new() { MaxRsaBits = 4096 };

    private ReadOnlyMemory<byte> signed;
    private ReadOnlyMemory<byte> algorithm;
    private byte[] signature = [];
    private DistinguishedName subject = null!;
    private IReadOnlyList<GeneralName> alternativeNames = [];

    private CertificateSigningRequest()
    {
    }

    /// <summary>The whole request, DER.</summary>
    public ReadOnlyMemory<byte> Raw { get; private set; }

    /// <summary>SubjectPublicKeyInfo, DER.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; private set; }

    /// <summary>Kind of the key and its bits; null for one that <see cref="ProofFault"/> refuses.</summary>
    public (PublicKeyKind Kind, int Bits)? Key { get; private set; }

    /// <summary>Whether a DNS name is asked for beside the common name; <see cref="NameFault"/> says whether it may.</summary>
    public bool WantsDnsName => alternativeNames.Count > 0;

    /// <param name="der">At most <see cref="MaxBytes"/>: one request and nothing else.</param>
    /// <param name="request">What it says; neither its proof nor its names are judged.</param>
    /// <param name="fault">Why it cannot be read: the end of a sentence.</param>
    public static bool TryRead(ReadOnlyMemory<byte> der, [NotNullWhen(true)] out CertificateSigningRequest? request, out string fault)
    {
        request = null;
        if (der.Length > MaxBytes)
        {
            fault = $"it is larger than {MaxBytes} bytes";
            return false;
        }

        try
        {
            var read = new CertificateSigningRequest { Raw = der };
            fault = read.Read(der);
            request = fault.Length == 0 ? read : null;
        }
        catch (AsnContentException)
        {
            fault = "it is not one well-formed PKCS #10 request in DER (RFC 2986 §4)";
        }

        return request is not null;
    }

    /// <summary>The same of base64.</summary>
    public static bool TryReadBase64(string text, [NotNullWhen(true)] out CertificateSigningRequest? request, out string fault)
    {
        ArgumentNullException.ThrowIfNull(text);
        request = null;
        if (text.Length > Base64.GetMaxEncodedToUtf8Length(MaxBytes))
        {
            fault = $"it is larger than {MaxBytes} bytes";
            return false;
        }

        // As much as a text of the greatest length may hold.
        var der = new byte[MaxBytes + 3];
        if (!Convert.TryFromBase64String(text, der, out var length))
        {
            fault = "it is not base64";
            return false;
        }

        return TryRead(der.AsMemory(0, length), out request, out fault);
    }

    /// <summary>Whether its key is strong enough, and whoever made the request holds it.</summary>
    /// <returns>What is wrong: the end of a sentence; null when it holds.</returns>
    public string? ProofFault() => SignatureCheck.Fault(signed, algorithm, signature, PublicKey, Options);

    /// <summary>Whether it asks for one name only, in any case: one common name, and alternative names only if they are DNS names and the same.</summary>
    /// <returns>What is wrong: the end of a sentence; null when nothing is.</returns>
    public string? NameFault(string wanted)
    {
        var names = subject.Attributes.Where(attribute => attribute.Oid == Oids.CommonName).ToList();
        return wanted.Length > MaxNameCharacters ? $"a certificate cannot hold a name of more than {MaxNameCharacters} characters"
            : names.Count != 1 ? $"its subject has {names.Count} common names (CN), one is needed"
            : !names[0].IsDirectoryString || names[0].Text is not { } text ? "its common name (CN) is not a text of an accepted type"
            : !Ascii.EqualsIgnoreCase(text, wanted) ? $"its common name (CN) is {Refuse.Quote(text)}, not '{wanted}'"
            : alternativeNames.Any(name => name.Form != NameForm.Dns || !Ascii.EqualsIgnoreCase(name.Text, wanted)) ? $"it asks for an alternative name that is not the DNS name '{wanted}'"
            : null;
    }

    private string Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var request = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        signed = request.PeekEncodedValue();
        var body = request.ReadSequence();
        algorithm = request.ReadEncodedValue();
        signature = request.ReadBitString(out var unusedBits);
        request.ThrowIfNotEmpty();
        if (unusedBits != 0)
        {
            return "its signature is not whole octets";
        }

        if (!body.TryReadInt32(out var version) || version != 0)
        {
            return "it is not of version 1 (RFC 2986 §4.1)";
        }

        subject = DistinguishedName.Read(body);
        PublicKey = body.ReadEncodedValue();
        Key = PublicKeyRules.KindOf(PublicKey, Options);
        if (body.HasData)
        {
            ReadAttributes(body.ReadSetOf(skipSortOrderValidation: true, new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true)));
        }

        body.ThrowIfNotEmpty();
        return "";
    }

    // Passwords, requests of other extensions and whatever else clients put in are read over: nothing of it gets into a certificate.
    private void ReadAttributes(AsnReader attributes)
    {
        var hasExtensions = false;
        while (attributes.HasData)
        {
            var attribute = attributes.ReadSequence();
            if (attribute.ReadObjectIdentifier() != ExtensionRequest)
            {
                continue;
            }

            var values = attribute.ReadSetOf(skipSortOrderValidation: true);
            attribute.ThrowIfNotEmpty();
            alternativeNames = !hasExtensions ? CertificateExtensions.Read(values.ReadSequence()).AlternativeNames : throw new AsnContentException();
            values.ThrowIfNotEmpty();
            hasExtensions = true;
        }
    }
}

/// <summary>Kinds of public keys that certificates are issued for.</summary>
public enum PublicKeyKind
{
    Rsa,
    P256,
    P384,
    P521,
}
