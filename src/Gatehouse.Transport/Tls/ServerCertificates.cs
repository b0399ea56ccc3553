using System.Net.Security;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Tls;

/// <summary>All server certificates by host name, replaced as a whole when files change. A file that cannot be used leaves the one that served before.</summary>
internal sealed class ServerCertificates
{
    private readonly MadeCertificates _made;
    private readonly TlsOptions _options;
    private readonly ILogger _log;
    private readonly Dictionary<string, ServerCertificate> _byFile = new(StringComparer.Ordinal);
    private volatile CertificateNames _names;
    private string _loaded;
    private string _seen;

    public ServerCertificates(TlsOptions options, MadeCertificates made, ILogger<ServerCertificates> log)
    {
        (_options, _made, _log) = (options, made, log);
        _names = CertificateNames.Of(made.Ensure(), _byFile);
        _loaded = _seen = Fingerprint();
        LoadAll();
    }

    /// <summary>The certificate that the server made for itself.</summary>
    public SslStreamCertificateContext Made => _names.Made.Context;

    /// <summary>Exact name, then wildcard, then the default.</summary>
    public ServerCertificate Select(string? hostName) => _names.Select(hostName);

    /// <summary>Looks at the files. Two looks must agree before a change is taken: a writer may be half done.</summary>
    public void Look()
    {
        var now = Fingerprint();
        if (now != _loaded && now == _seen)
        {
            _loaded = now;
            LoadAll();
        }

        _seen = now;
    }

    /// <summary>Replaces the made certificate when it is due.</summary>
    public void RenewIfDue()
    {
        try
        {
            if (_made.Ensure() is var current && current.Leaf.Thumbprint != _names.Made.Leaf.Thumbprint)
            {
                _names = CertificateNames.Of(current, _byFile);
                _loaded = _seen = Fingerprint();
            }
        }
        catch (Exception e) when (e is TransportException or IOException or UnauthorizedAccessException)
        {
            TransportLog.CertificateNotLoaded(_log, e.Message);
        }
    }

    private void LoadAll()
    {
        var (made, fault) = ServerCertificate.Load(_made.CertificatePath, _made.KeyPath);
        if (fault is not null)
        {
            TransportLog.CertificateNotLoaded(_log, fault);
        }

        var files = Files().ToList();
        foreach (var gone in _byFile.Keys.Except(files).ToList())
        {
            _byFile.Remove(gone);
        }

        foreach (var file in files)
        {
            var (certificate, reason) = ServerCertificate.Load(file, Path.ChangeExtension(file, ".key"));
            if (certificate is null)
            {
                TransportLog.CertificateNotLoaded(_log, reason!);
                continue;
            }

            if (!_byFile.TryGetValue(file, out var before) || before.Leaf.Thumbprint != certificate.Leaf.Thumbprint)
            {
                TransportLog.CertificateLoaded(_log, file, string.Join(", ", certificate.Names), certificate.Leaf.NotAfter);
            }

            _byFile[file] = certificate;
        }

        _names = CertificateNames.Of(made ?? _names.Made, _byFile);
    }

    private IEnumerable<string> Files() =>
        _options.CertificatesFolder is { } folder && Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.pem").Order(StringComparer.Ordinal) : [];

    /// <summary>Name, size and time of every file that matters; contents are read only when this changes.</summary>
    private string Fingerprint() =>
        string.Join('\n', Files().SelectMany(f => new[] { f, Path.ChangeExtension(f, ".key") }).Append(_made.CertificatePath).Append(_made.KeyPath).Select(Stamp));

    private static string Stamp(string path)
    {
        // Secrets mounted by orchestrators are links that are swapped: look at what they point to.
        var file = new FileInfo(path);
        var target = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        return target.Exists ? $"{path} {target.FullName} {target.Length} {target.LastWriteTimeUtc.Ticks} {Mode(target)}" : path;
    }

    private static int Mode(FileInfo file) => OperatingSystem.IsWindows() ? 0 : (int)file.UnixFileMode;
}
