using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Provisioning.CertificateStatus;

/// <summary>Which certificate is meant: by hashes of the name and key of its CA, and its serial number. Source: RFC 6960 §4.1.1.</summary>
/// <param name="Encoded">As it came; the answer repeats it.</param>
/// <param name="Hash">Object identifier.</param>
/// <param name="Name">Hash of the CA's name.</param>
/// <param name="PublicKey">Hash of the CA's public key.</param>
/// <param name="Serial">Hex, upper-case.</param>
internal sealed record CertificateId(ReadOnlyMemory<byte> Encoded, string Hash, ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> PublicKey, string Serial)
{
    /// <summary>Whether this CA is meant; false for a hash that is not known here.</summary>
    internal bool IsOf(X509Certificate2 authority)
    {
        HashAlgorithmName? known = Hash switch
        {
            "1.3.14.3.2.26" => HashAlgorithmName.SHA1,
            "2.16.840.1.101.3.4.2.1" => HashAlgorithmName.SHA256,
            "2.16.840.1.101.3.4.2.2" => HashAlgorithmName.SHA384,
            "2.16.840.1.101.3.4.2.3" => HashAlgorithmName.SHA512,
            _ => null,
        };
        return known is { } hash
            && CryptographicOperations.HashData(hash, authority.SubjectName.RawData).AsSpan().SequenceEqual(Name.Span)
            && CryptographicOperations.HashData(hash, authority.PublicKey.EncodedKeyValue.RawData).AsSpan().SequenceEqual(PublicKey.Span);
    }
}
