using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Server.Startup;

/// <summary>Certificates of TPM makers as they publish them: one file, or all files of a directory that are named as certificates are; PEM or DER.</summary>
internal static class MakerCertificateFiles
{
    private const string Setting = "--tpm-manufacturer-roots";

    // All makers together publish some hundreds.
    private const int MostBytes = 16 * 1024 * 1024;
    private static readonly string[] Endings = [".pem", ".crt", ".cer", ".der"];

    /// <exception cref="StartupException">There is none, or one cannot be read.</exception>
    internal static TrustAnchors Read(string path)
    {
        var found = new X509Certificate2Collection();
        foreach (var file in Files(path))
        {
            Read(file, found);
        }

        return found.Count > 0 ? new TrustAnchors([.. found]) : throw new StartupException($"{Setting}: there is no certificate in '{path}' ({string.Join(", ", Endings)}), and so no TPM could register.");
    }

    private static IEnumerable<string> Files(string path)
    {
        try
        {
            return Directory.Exists(path) ? [.. Directory.GetFiles(path).Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)] : [path];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, error);
        }
    }

    private static void Read(string file, X509Certificate2Collection found)
    {
        var before = found.Count;
        try
        {
            if (new FileInfo(file).Length > MostBytes)
            {
                throw new StartupException($"{Setting}: '{file}' is larger than {MostBytes / 1024 / 1024} MB.");
            }

            var bytes = File.ReadAllBytes(file);
            if (bytes.AsSpan().IndexOf("-----BEGIN "u8) >= 0)
            {
                found.ImportFromPem(Encoding.Latin1.GetString(bytes));
            }
            else
            {
                found.Add(X509CertificateLoader.LoadCertificate(bytes));
            }
        }
        catch (CryptographicException error)
        {
            throw new StartupException($"{Setting}: '{file}' holds no certificate in PEM or DER.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(file, error);
        }

        if (found.Count == before)
        {
            throw new StartupException($"{Setting}: '{file}' holds no certificate in PEM or DER.");
        }
    }

    private static StartupException Unreadable(string path, Exception error) => new($"{Setting}: '{path}' cannot be read: {error.Message}", error);
}
