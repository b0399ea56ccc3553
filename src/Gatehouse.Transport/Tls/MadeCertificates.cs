using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Tls;

/// <summary>The private root and the server certificate that the server makes for itself, so that the first start asks nothing.</summary>
internal sealed class MadeCertificates(TlsOptions options, TimeProvider time, ILogger<MadeCertificates> log)
{
    public string RootPath { get; } = Path.Combine(options.Folder, "ca.pem");

    public string CertificatePath { get; } = Path.Combine(options.Folder, "server.pem");

    public string KeyPath { get; } = Path.Combine(options.Folder, "server.key");

    private string RootKeyPath => Path.Combine(options.KeysFolder, "ca.key");

    /// <summary>Makes what is missing, replaces what is about to end or lacks a name, and loads the rest.</summary>
    public ServerCertificate Ensure()
    {
        KeyFiles.CreateFolder(options.Folder, isPrivate: false);
        KeyFiles.CreateFolder(options.KeysFolder, isPrivate: true);
        using var root = EnsureRoot();
        var current = Current(root);
        if (current is not null && !IsDue(current))
        {
            return current;
        }

        if (root.HasPrivateKey)
        {
            return Renew(root);
        }

        if (current is null)
        {
            throw new TransportException($"{CertificatePath} cannot be used and {RootKeyPath} is not here to make another; put it back and start again");
        }

        TransportLog.RootKeyAbsent(log, RootKeyPath, current.Leaf.NotAfter);
        return current;
    }

    private bool IsDue(ServerCertificate current) =>
        time.GetUtcNow() > current.Leaf.NotAfter - options.RenewBefore || PrivateRoot.Names(options.HostNames).Except(current.Names).Any();

    private ServerCertificate? Current(X509Certificate2 root)
    {
        if (!File.Exists(CertificatePath) || !File.Exists(KeyPath))
        {
            return null;
        }

        var (certificate, fault) = ServerCertificate.Load(CertificatePath, KeyPath);
        if (KeyFiles.Fault(KeyPath) is { } lax)
        {
            throw new TransportException(lax);
        }

        if (fault is not null)
        {
            // A crash between the two renames leaves a key that does not fit: make both anew.
            TransportLog.CertificateNotLoaded(log, fault);
        }

        return certificate is not null && certificate.Leaf.IssuerName.RawData.AsSpan().SequenceEqual(root.SubjectName.RawData) ? certificate : null;
    }

    private ServerCertificate Renew(X509Certificate2 root)
    {
        var lifetime = options.CertificateLifetime;
        using var made = PrivateRoot.Issue(root, PrivateRoot.Names(options.HostNames), time.GetUtcNow(), lifetime);
        using var key = made.GetECDsaPrivateKey()!;
        KeyFiles.Write(KeyPath, key.ExportPkcs8PrivateKeyPem() + "\n", isSecret: true);
        KeyFiles.Write(CertificatePath, made.ExportCertificatePem() + "\n", isSecret: false);
        TransportLog.CertificateMade(log, CertificatePath, made.NotAfter);
        return ServerCertificate.Load(CertificatePath, KeyPath).Certificate ?? throw new TransportException($"{CertificatePath} cannot be read back");
    }

    private X509Certificate2 EnsureRoot()
    {
        if (!File.Exists(RootPath))
        {
            using var made = PrivateRoot.CreateRoot(time.GetUtcNow());
            using var key = made.GetECDsaPrivateKey()!;
            // The key first: a root without its key could never sign, a key without its root is only made again.
            KeyFiles.Write(RootKeyPath, key.ExportPkcs8PrivateKeyPem() + "\n", isSecret: true);
            KeyFiles.Write(RootPath, made.ExportCertificatePem() + "\n", isSecret: false);
            TransportLog.RootMade(log, RootPath);
        }

        return LoadRoot();
    }

    private X509Certificate2 LoadRoot()
    {
        try
        {
            var pem = File.ReadAllText(RootPath);
            if (!File.Exists(RootKeyPath))
            {
                return X509Certificate2.CreateFromPem(pem);
            }

            return KeyFiles.Fault(RootKeyPath) is { } lax ? throw new TransportException(lax) : X509Certificate2.CreateFromPem(pem, File.ReadAllText(RootKeyPath));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new TransportException($"{RootPath} and {RootKeyPath} cannot be used: {e.Message}", e);
        }
    }
}
