using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Provisioning.Instances;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>Where others find what the CA of a policy publishes, as the certificates say that it issues: below <see cref="ProvisioningOptions.PkiUrl"/>, where the public door answers.</summary>
/// <remarks>The mark of the CA's key is in each address: a certificate outlives the CA that signed it, and must never lead to the certificate, lists or answers of the next one.</remarks>
internal sealed class PublishedAddresses(ProvisioningDirectory directory, ProvisioningOptions options)
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>Digits of <see cref="MarkOf"/>.</summary>
    internal const int MarkLength = 16;

    /// <summary>cRLDistributionPoints, where the CA may sign lists, and authorityInfoAccess with OCSP and caIssuers; nothing without a public address. Source: RFC 5280 §4.2.1.13 and §4.2.2.1.</summary>
    internal IReadOnlyList<X509Extension> Of(CredentialPolicyRow policy, X509Certificate2 authority)
    {
        if (options.PkiUrl is not { } url)
        {
            return [];
        }

        var scope = directory.All.First(each => each.Name.Value == policy.Service).IdScope;
        var place = $"{url}/{scope}/{MarkOf(authority)}/{policy.Id}";
        var access = new X509AuthorityInformationAccessExtension([$"{place}.ocsp"], [$"{place}.cer"]);
        return PublishedLists.MaySign(authority) ? [CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([$"{place}.crl"]), access] : [access];
    }

    /// <summary>The first 64 bits of its key's SHA-256, hexadecimal in small letters: it tells the CAs of one policy apart, and proves nothing.</summary>
    internal static string MarkOf(X509Certificate2 authority) => Convert.ToHexStringLower(SHA256.HashData(authority.PublicKey.ExportSubjectPublicKeyInfo()))[..MarkLength];

    /// <summary>Whether a text can be such a mark.</summary>
    internal static bool IsMark(ReadOnlySpan<char> text) => text.Length == MarkLength && !text.ContainsAnyExcept(Digits);
}
