using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Transport.Tls;

/// <summary>A certificate that was handed in, its key and its root: <c>handed-in-ID.pem</c>, <c>.key</c> (mode 0600) and <c>.root.pem</c> in the folder of the made ones.</summary>
internal static class HandedInFiles
{
    private const string Prefix = "handed-in-";

    public static (string Certificate, string Key) Paths(string folder, string id) => (Path.Combine(folder, $"{Prefix}{id}.pem"), Path.Combine(folder, $"{Prefix}{id}.key"));

    public static void Write(string folder, string id, CertificateCheck.Accepted accepted)
    {
        var (certificate, key) = Paths(folder, id);
        using AsymmetricAlgorithm? held = (AsymmetricAlgorithm?)accepted.Leaf.GetRSAPrivateKey() ?? accepted.Leaf.GetECDsaPrivateKey();
        KeyFiles.Write(key, held!.ExportPkcs8PrivateKeyPem() + "\n", isSecret: true);
        KeyFiles.Write(Root(folder, id), accepted.Root.ExportCertificatePem() + "\n", isSecret: false);
        KeyFiles.Write(certificate, string.Concat(accepted.Above.Prepend(accepted.Leaf).Select(static each => each.ExportCertificatePem() + "\n")), isSecret: false);
    }

    public static string RootPem(string folder, string id) => File.ReadAllText(Root(folder, id));

    /// <summary>The key first.</summary>
    public static void Delete(string folder, string id)
    {
        var (certificate, key) = Paths(folder, id);
        KeyFiles.Delete(key);
        KeyFiles.Delete(certificate);
        KeyFiles.Delete(Root(folder, id));
    }

    private static string Root(string folder, string id) => Path.Combine(folder, $"{Prefix}{id}.root.pem");
}
