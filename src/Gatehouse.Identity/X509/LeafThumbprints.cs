using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gatehouse.Identity.X509;

/// <summary>SHA-1 and SHA-256 of a certificate's DER, compared with registered ones; the length of the registered one chooses the hash.</summary>
/// <remarks>SHA-1 names the certificate that an operator pinned, as the service lets them; forging one needs a second pre-image, which SHA-1 still resists.</remarks>
internal sealed class LeafThumbprints
{
    private const int Sha1Digits = 40;
    private const int Sha256Digits = 64;

    internal LeafThumbprints(X509Certificate2 leaf)
    {
#pragma warning disable CA5350 // Registered SHA-1 thumbprints are part of the service's contract.
        Sha1 = Convert.ToHexString(SHA1.HashData(leaf.RawDataMemory.Span));
#pragma warning restore CA5350
        Sha256 = Convert.ToHexString(SHA256.HashData(leaf.RawDataMemory.Span));
    }

    internal string Sha1 { get; }

    internal string Sha256 { get; }

    internal bool Matches(string? registered)
    {
        var own = registered?.Length switch
        {
            Sha1Digits => Sha1,
            Sha256Digits => Sha256,
            _ => null,
        };
        return own is not null
            && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(own), Encoding.ASCII.GetBytes(registered!.ToUpperInvariant()));
    }

    public override string ToString() => $"SHA-1 {Sha1}, SHA-256 {Sha256}";
}
