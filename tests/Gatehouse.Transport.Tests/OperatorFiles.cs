using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Transport.Tests;

/// <summary>Certificates as an operator puts them into the certificates folder.</summary>
internal static class OperatorFiles
{
    public static X509Certificate2 Issue(TempFolder folder, AsymmetricAlgorithm key, params string[] names)
    {
        using var root = X509Certificate2.CreateFromPem(File.ReadAllText(folder.Path("tls", "ca.pem")), File.ReadAllText(folder.Path("keys", "ca.key")));
        var request = key is RSA rsa
            ? new CertificateRequest("CN=operator", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=operator", (ECDsa)key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            alternatives.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternatives.Build());
        var generator = X509SignatureGenerator.CreateForECDsa(root.GetECDsaPrivateKey()!);
        var now = DateTimeOffset.UtcNow;
        var bare = request.Create(root.SubjectName, generator, now.AddMinutes(-5), now.AddDays(90), RandomNumberGenerator.GetBytes(8));
        return key is RSA r ? bare.CopyWithPrivateKey(r) : bare.CopyWithPrivateKey((ECDsa)key);
    }

    public static X509Certificate2 Issue(TempFolder folder, params string[] names) => Issue(folder, ECDsa.Create(ECCurve.NamedCurves.nistP256), names);

    public static void Write(TempFolder folder, string file, X509Certificate2 certificate)
    {
        Directory.CreateDirectory(folder.Path("certificates"));
        AsymmetricAlgorithm key = (AsymmetricAlgorithm?)certificate.GetRSAPrivateKey() ?? certificate.GetECDsaPrivateKey()!;
        WriteSecret(folder.Path("certificates", file + ".key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(folder.Path("certificates", file + ".pem"), certificate.ExportCertificatePem());
    }

    public static void WriteSecret(string path, string text)
    {
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
