using System.Net.Security;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Tls;

/// <summary>All server certificates by host name, replaced as a whole when files or the rollover change. A file that cannot be used leaves the one that served before.</summary>
internal sealed class ServerCertificates
{
    private readonly Lock _lock = new();
    private readonly MadeCertificates _first;
    private readonly TlsOptions _options;
    private readonly ILogger _log;
    private readonly Dictionary<string, ServerCertificate> _byFile = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ServerCertificate> _handedIn = new(StringComparer.Ordinal);
    private volatile View _view;
    private RolloverFile _rollover;
    private MadeCertificates _made;
    private string _loaded;
    private string _seen;

    public ServerCertificates(TlsOptions options, MadeCertificates made, ILogger<ServerCertificates> log)
    {
        (_options, _first, _log) = (options, made, log);
        _rollover = RolloverFile.Read(options.Folder);
        _made = made.Of(_rollover.Made);
        _view = new View(CertificateNames.Of(_made.Ensure(), _byFile), null, 0);
        _loaded = _seen = Fingerprint();
        LoadAll();
    }

    /// <summary>The certificate that the server made for itself.</summary>
    public SslStreamCertificateContext Made => _view.Present.Made.Context;

    /// <summary>What is shown without the change that is under way.</summary>
    public CertificateNames Present => _view.Present;

    /// <summary>What is shown with it; null when there is none, or nobody is shown it.</summary>
    public CertificateNames? Next => _view.Next;

    /// <summary>Exact name, then wildcard, then the default.</summary>
    public ServerCertificate Select(string? hostName) => Select(hostName, out _);

    /// <summary>The same, and whether it is the next one. In a canary each handshake has its chance of it: who refuses it is not locked out.</summary>
    public ServerCertificate Select(string? hostName, out bool isNext)
    {
        var view = _view;
        isNext = view.Next is not null && (view.Percent >= 100 || RandomNumberGenerator.GetInt32(100) < view.Percent);
        return (isNext ? view.Next! : view.Present).Select(hostName);
    }

    /// <summary>Shows what the rollover says from now on; open connections keep what they have.</summary>
    /// <exception cref="TransportException">What it names cannot be used; nothing has changed.</exception>
    public void Apply(RolloverFile rollover)
    {
        lock (_lock)
        {
            var made = _first.Of(rollover.Made);
            var view = Views(rollover, made.Ensure(), _view);
            (_rollover, _made, _view) = (rollover, made, view);
            _loaded = _seen = Fingerprint();
        }
    }

    /// <summary>The certificates of a rollover that is not in force: what would be shown with it.</summary>
    /// <exception cref="TransportException">What it names cannot be used.</exception>
    public CertificateNames Preview((string Made, string? Installed) next)
    {
        lock (_lock)
        {
            return CertificateNames.Of(_first.Of(next.Made).Ensure(), _byFile, HandedIn(next.Installed));
        }
    }

    /// <summary>Looks at the files. Two looks must agree before a change is taken: a writer may be half done.</summary>
    public void Look()
    {
        lock (_lock)
        {
            var now = Fingerprint();
            if (now != _loaded && now == _seen)
            {
                _loaded = now;
                LoadAll();
            }

            _seen = now;
        }
    }

    /// <summary>Replaces the made certificate when it is due.</summary>
    public void RenewIfDue()
    {
        lock (_lock)
        {
            try
            {
                var current = _made.Ensure();
                var next = Views(_rollover, current, _view);
                if (current.Leaf.Thumbprint != _view.Present.Made.Leaf.Thumbprint || next.Next?.Made.Leaf.Thumbprint != _view.Next?.Made.Leaf.Thumbprint)
                {
                    _view = next;
                    _loaded = _seen = Fingerprint();
                }
            }
            catch (Exception e) when (e is TransportException or IOException or UnauthorizedAccessException)
            {
                TransportLog.CertificateNotLoaded(_log, e.Message);
            }
        }
    }

    private View Views(RolloverFile rollover, ServerCertificate made, View before)
    {
        var present = CertificateNames.Of(made, _byFile, HandedIn(rollover.Installed));
        if (rollover.Change is not { Phase: CertificateChange.Canary or CertificateChange.Switched } change)
        {
            return new View(present, null, 0);
        }

        var (id, installed) = rollover.Next;
        // A certificate that is the same as before stays the same object: sessions of it can be resumed.
        var nextMade = id == rollover.Made ? made : _first.Of(id).Ensure();
        if (before.Next?.Made is { } known && known.Leaf.Thumbprint == nextMade.Leaf.Thumbprint)
        {
            nextMade = known;
        }

        return new View(present, CertificateNames.Of(nextMade, _byFile, HandedIn(installed)), change.Phase == CertificateChange.Switched ? 100 : change.Percent);
    }

    private ServerCertificate? HandedIn(string? id)
    {
        if (id is null)
        {
            return null;
        }

        if (_handedIn.TryGetValue(id, out var known))
        {
            return known;
        }

        var (path, key) = HandedInFiles.Paths(_options.Folder, id);
        var (certificate, fault) = ServerCertificate.Load(path, key);
        return certificate is null ? throw new TransportException(fault!) : _handedIn[id] = certificate;
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

        _view = Views(_rollover, made ?? _view.Present.Made, _view);
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

    /// <summary>One consistent picture.</summary>
    /// <param name="Present">Without the change.</param>
    /// <param name="Next">With it; null: nobody is shown it.</param>
    /// <param name="Percent">Of handshakes that get the next.</param>
    private sealed record View(CertificateNames Present, CertificateNames? Next, int Percent);

    private static int Mode(FileInfo file) => OperatingSystem.IsWindows() ? 0 : (int)file.UnixFileMode;
}
