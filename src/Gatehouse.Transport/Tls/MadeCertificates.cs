using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Tls;

/// <summary>A private root and the server certificate by it that the server makes for itself, so that the first start asks nothing; and those of a root that follows.</summary>
/// <param name="options">Where they lie.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Says what was made.</param>
/// <param name="id">Which root: empty for the first one, else it stands in the names of its files.</param>
internal sealed class MadeCertificates(TlsOptions options, TimeProvider time, ILogger<MadeCertificates> log, string id = "")
{
    private readonly string _suffix = id.Length == 0 ? "" : "-" + id;

    /// <summary>What clients are given to trust: the root, and during a change others beside it.</summary>
    public string RootPath { get; } = Path.Combine(options.Folder, "ca.pem");

    public string CertificatePath => Path.Combine(options.Folder, $"server{_suffix}.pem");

    public string KeyPath => Path.Combine(options.Folder, $"server{_suffix}.key");

    private string RootKeyPath => Path.Combine(options.KeysFolder, $"ca{_suffix}.key");

    /// <summary>The root alone; before its first change that is <see cref="RootPath"/>.</summary>
    private string OwnRootPath => Path.Combine(options.Folder, $"root{_suffix}.pem");

    /// <summary>The same for another root.</summary>
    public MadeCertificates Of(string other) => new(options, time, log, other);

    /// <summary>Makes a root beside the present one, for <see cref="Ensure"/> to go on with.</summary>
    public void Begin()
    {
        KeyFiles.CreateFolder(options.KeysFolder, isPrivate: true);
        MakeRoot(OwnRootPath);
    }

    /// <summary>The root's certificate, PEM. From now on it stands in a file of its own.</summary>
    public string RootPem()
    {
        if (!File.Exists(OwnRootPath))
        {
            using var root = LoadRoot();
            KeyFiles.Write(OwnRootPath, root.ExportCertificatePem() + "\n", isSecret: false);
        }

        return File.ReadAllText(OwnRootPath);
    }

    /// <summary>The keys first: what is left when it is cut short can sign nothing.</summary>
    public void Delete()
    {
        foreach (var path in new[] { RootKeyPath, KeyPath, CertificatePath, OwnRootPath })
        {
            KeyFiles.Delete(path);
        }
    }

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
        if (id.Length == 0 && !File.Exists(RootPath) && !File.Exists(OwnRootPath))
        {
            MakeRoot(RootPath);
        }

        return LoadRoot();
    }

    private void MakeRoot(string path)
    {
        using var made = PrivateRoot.CreateRoot(time.GetUtcNow());
        using var key = made.GetECDsaPrivateKey()!;
        // The key first: a root without its key could never sign, a key without its root is only made again.
        KeyFiles.Write(RootKeyPath, key.ExportPkcs8PrivateKeyPem() + "\n", isSecret: true);
        KeyFiles.Write(path, made.ExportCertificatePem() + "\n", isSecret: false);
        TransportLog.RootMade(log, path);
    }

    private X509Certificate2 LoadRoot()
    {
        var path = id.Length > 0 || File.Exists(OwnRootPath) ? OwnRootPath : RootPath;
        try
        {
            var pem = File.ReadAllText(path);
            if (!File.Exists(RootKeyPath))
            {
                return X509Certificate2.CreateFromPem(pem);
            }

            return KeyFiles.Fault(RootKeyPath) is { } lax ? throw new TransportException(lax) : X509Certificate2.CreateFromPem(pem, File.ReadAllText(RootKeyPath));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new TransportException($"{path} and {RootKeyPath} cannot be used: {e.Message}", e);
        }
    }
}
