using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Identity.Tests.X509;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Requests for certificates, good ones and those that must be refused; each is base64 of DER.</summary>
internal static class SigningRequests
{
    internal static string Good(string name, ECCurve? curve = null)
    {
        using var key = ECDsa.Create(curve ?? ECCurve.NamedCurves.nistP384);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        return Convert.ToBase64String(new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA384).CreateSigningRequest());
    }

    internal static string Rsa(string name, int bits)
    {
        using var key = bits switch { 4096 => LargeRsa.Of4096Bits(), 4104 => LargeRsa.Of4104Bits(), _ => RSA.Create(bits) };
        return Convert.ToBase64String(new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest());
    }

    /// <summary>What an attacker would like to get in: a CA's rights, another usage, a policy, names beside the own one if wanted.</summary>
    internal static string Greedy(string name, params string[] dnsNames)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}, O=Somebody, OU=Admins", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("2.5.29.37.0")], critical: false));
        if (dnsNames.Length > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (var each in dnsNames)
            {
                names.AddDnsName(each);
            }

            request.CertificateExtensions.Add(names.Build());
        }

        return Convert.ToBase64String(request.CreateSigningRequest());
    }

    internal static string WithAddress(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return Convert.ToBase64String(request.CreateSigningRequest());
    }

    /// <summary>ecdsa-with-SHA384 (RFC 5758 §3.2) made ecdsa-with-SHA224.</summary>
    internal static string Sha224(string name)
    {
        byte[] algorithm = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03];
        var der = Convert.FromBase64String(Good(name));
        der[der.AsSpan().IndexOf(algorithm) + algorithm.Length - 1] = 0x01;
        return Convert.ToBase64String(der);
    }

    internal static string TwoNames(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(new CertificateRequest($"CN={name}, CN=dev-2", key, HashAlgorithmName.SHA256).CreateSigningRequest());
    }

    /// <summary>One whose signature was made by another key than it names.</summary>
    internal static string Stolen(string name)
    {
        var (own, other) = (Convert.FromBase64String(Good(name)), Convert.FromBase64String(Good(name)));
        var (body, foreign) = (Read(own).Body, Read(other));
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(body.Span);
            writer.WriteEncodedValue(foreign.Algorithm.Span);
            writer.WriteEncodedValue(foreign.Signature.Span);
        }

        return Convert.ToBase64String(writer.Encode());
    }

    internal static string Trailing(string name) => Convert.ToBase64String([.. Convert.FromBase64String(Good(name)), 0]);

    /// <summary>As large as wanted: read over, but counted.</summary>
    internal static string OfBytes(string name, int bytes)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        for (var filling = bytes - 300; ; filling++)
        {
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            request.OtherRequestAttributes.Add(new AsnEncodedData(new Oid("1.2.840.113549.1.9.7"), Filled(filling)));
            for (var attempt = 0; attempt < 8; attempt++)
            {
                // Signatures differ in length by a byte or two.
                var der = request.CreateSigningRequest();
                if (der.Length == bytes)
                {
                    return Convert.ToBase64String(der);
                }
            }
        }

        static byte[] Filled(int length)
        {
            var writer = new AsnWriter(AsnEncodingRules.DER);
            writer.WriteCharacterString(UniversalTagNumber.PrintableString, new string('x', length));
            return writer.Encode();
        }
    }

    private static (ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Algorithm, ReadOnlyMemory<byte> Signature) Read(byte[] der)
    {
        var reader = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        return (reader.ReadEncodedValue(), reader.ReadEncodedValue(), reader.ReadEncodedValue());
    }
}
