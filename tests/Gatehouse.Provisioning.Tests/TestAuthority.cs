using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Gatehouse.Provisioning.Tests;

/// <summary>A CA that an operator brings, with its key.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly AsymmetricAlgorithm key;

    internal TestAuthority(DateTimeOffset? notAfter = null, bool isAuthority = true, X509KeyUsageFlags usage = X509KeyUsageFlags.KeyCertSign, AsymmetricAlgorithm? key = null)
    {
        this.key = key ??= ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = key is RSA rsa
            ? new CertificateRequest("CN=Plant CA", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=Plant CA", (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        Certificate = request.CreateSelfSigned(ProvisioningHost.Now.AddDays(-400), notAfter ?? ProvisioningHost.Now.AddDays(400));
    }

    internal X509Certificate2 Certificate { get; }

    internal string Pem => Certificate.ExportCertificatePem();

    internal string KeyPem => key.ExportPkcs8PrivateKeyPem();

    internal byte[] Key => key.ExportPkcs8PrivateKey();

    internal string EncryptedKeyPem => key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));

    /// <summary>Body of PUT with another key, where one is given.</summary>
    internal string Body(string? otherKey = null, params (string Name, JsonNode Value)[] more)
    {
        var body = new JsonObject { ["certificate"] = Pem, ["privateKey"] = otherKey ?? KeyPem };
        foreach (var (name, value) in more)
        {
            body[name] = value;
        }

        return body.ToJsonString();
    }

    public void Dispose()
    {
        Certificate.Dispose();
        key.Dispose();
    }
}
