using System.Security.Cryptography.X509Certificates;
using Gatehouse.Transport.Tls;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Transport.Tests;

public sealed class ServerCertificateTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly LogLines _log = new();
    private readonly TlsOptions _options;

    public ServerCertificateTests() => _options = new TlsOptions
    {
        Folder = _folder.Path("tls"),
        KeysFolder = _folder.Path("keys"),
        CertificatesFolder = _folder.Path("certificates"),
        HostNames = ["hub.example"],
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void First_start_makes_a_root_and_a_server_certificate_with_closed_modes()
    {
        var made = Open(_options).Select("hub.example").Leaf;

        using var root = X509CertificateLoader.LoadCertificateFromFile(_folder.Path("tls", "ca.pem"));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_folder.Path("keys", "ca.key")));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_folder.Path("tls", "server.key")));
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.Path("keys")));
        Assert.True(root.NotAfter > DateTime.Now.AddYears(10));
        Assert.InRange(made.NotAfter - made.NotBefore, TimeSpan.FromDays(300), TimeSpan.FromDays(825));
        Assert.Equal("1.2.840.10045.2.1", made.PublicKey.Oid.Value);
        string[] names = ["localhost", "127.0.0.1", "::1", Environment.MachineName.ToLowerInvariant(), "hub.example"];
        Assert.Equivalent(names, PrivateRoot.NamesOf(made));
        Assert.True(Verify(made, root));
        Assert.DoesNotContain("PRIVATE", File.ReadAllText(_folder.Path("tls", "server.pem")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_start_uses_what_the_first_made()
    {
        var first = Open(_options).Select(null).Leaf.Thumbprint;

        Assert.Equal(first, Open(_options).Select(null).Leaf.Thumbprint);
    }

    [Fact]
    public void A_new_host_name_gets_a_new_certificate_from_the_same_root()
    {
        var before = Open(_options).Select(null).Leaf;
        var root = File.ReadAllText(_folder.Path("tls", "ca.pem"));

        var after = Open(_options with { HostNames = ["hub.example", "other.example"] }).Select("other.example").Leaf;

        Assert.NotEqual(before.Thumbprint, after.Thumbprint);
        Assert.Contains("other.example", PrivateRoot.NamesOf(after));
        Assert.Equal(root, File.ReadAllText(_folder.Path("tls", "ca.pem")));
    }

    [Fact]
    public void The_certificate_is_renewed_before_it_ends_and_not_earlier()
    {
        var certificates = Open(_options);
        var first = certificates.Select(null).Leaf;

        _time.SetUtcNow(first.NotAfter - _options.RenewBefore - TimeSpan.FromMinutes(1));
        certificates.RenewIfDue();
        var stillFirst = certificates.Select(null).Leaf.Thumbprint;
        _time.Advance(TimeSpan.FromMinutes(2));
        certificates.RenewIfDue();

        Assert.Equal(first.Thumbprint, stillFirst);
        Assert.NotEqual(first.Thumbprint, certificates.Select("localhost").Leaf.Thumbprint);
        Assert.True(certificates.Select(null).Leaf.NotAfter > first.NotAfter);
    }

    [Fact]
    public void Without_the_roots_key_the_certificate_goes_on_serving_with_a_warning()
    {
        var first = Open(_options).Select(null).Leaf;
        File.Delete(_folder.Path("keys", "ca.key"));
        _time.SetUtcNow(first.NotAfter - TimeSpan.FromDays(3));

        var again = Open(_options).Select(null).Leaf;

        Assert.Equal(first.Thumbprint, again.Thumbprint);
        Assert.Contains("put it back before", _log.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("keys", "ca.key")]
    [InlineData("tls", "server.key")]
    public void A_key_that_others_can_read_is_refused_with_the_remedy(string folder, string file)
    {
        Open(_options);
        File.SetUnixFileMode(_folder.Path(folder, file), OwnerOnly | UnixFileMode.GroupRead);

        var refused = Assert.Throws<TransportException>(() => Open(_options));

        Assert.Contains($"chmod 600 '{_folder.Path(folder, file)}'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_does_not_fit_its_certificate_is_made_anew()
    {
        Open(_options);
        OperatorFiles.WriteSecret(_folder.Path("tls", "server.key"), File.ReadAllText(_folder.Path("keys", "ca.key")));

        var certificate = Open(_options).Select(null).Leaf;

        Assert.True(certificate.HasPrivateKey);
        Assert.Contains("not a certificate and its key", _log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_root_is_named_and_never_replaced()
    {
        Open(_options);
        File.WriteAllText(_folder.Path("tls", "ca.pem"), "nonsense");

        Assert.Contains("ca.pem", Assert.Throws<TransportException>(() => Open(_options)).Message, StringComparison.Ordinal);
        Assert.Equal("nonsense", File.ReadAllText(_folder.Path("tls", "ca.pem")));
    }

    [Fact]
    public void Names_choose_exactly_then_by_wildcard_then_the_default()
    {
        Open(_options);
        Put("exact", "a.example");
        Put("wild", "*.example");
        var certificates = Open(_options);

        Assert.Equal(Leaf("exact"), certificates.Select("A.example").Leaf.Thumbprint);
        Assert.Equal(Leaf("wild"), certificates.Select("b.example").Leaf.Thumbprint);
        Assert.Equal("CN=Gatehouse server", certificates.Select("a.b.example").Leaf.Subject);
        Assert.Equal("CN=Gatehouse server", certificates.Select(null).Leaf.Subject);
        Assert.Equal("CN=Gatehouse server", certificates.Select("hub.example").Leaf.Subject);
    }

    [Fact]
    public void The_operators_default_serves_peers_that_name_nobody()
    {
        Open(_options);
        Put("default", "a.example");

        var certificates = Open(_options);

        Assert.Equal(Leaf("default"), certificates.Select(null).Leaf.Thumbprint);
        Assert.Equal(Leaf("default"), certificates.Select("unknown.example").Leaf.Thumbprint);
    }

    [Fact]
    public void A_changed_file_is_loaded_when_two_looks_agree()
    {
        Open(_options);
        Put("a", "a.example");
        var certificates = Open(_options);
        var first = certificates.Select("a.example").Leaf.Thumbprint;

        Put("a", "a.example");
        certificates.Look();
        var afterOne = certificates.Select("a.example").Leaf.Thumbprint;
        certificates.Look();

        Assert.Equal(first, afterOne);
        Assert.Equal(Leaf("a"), certificates.Select("a.example").Leaf.Thumbprint);
    }

    [Fact]
    public void A_file_that_comes_or_goes_is_noticed()
    {
        var certificates = Open(_options);
        Put("a", "a.example");
        LookTwice(certificates);
        var present = certificates.Select("a.example").Leaf.Subject;

        File.Delete(_folder.Path("certificates", "a.pem"));
        LookTwice(certificates);

        Assert.Equal("CN=operator", present);
        Assert.Equal("CN=Gatehouse server", certificates.Select("a.example").Leaf.Subject);
    }

    [Theory]
    [InlineData(".pem")]
    [InlineData(".key")]
    public void A_broken_file_leaves_what_served_before_and_says_why(string extension)
    {
        Open(_options);
        Put("a", "a.example");
        var certificates = Open(_options);
        var before = Leaf("a");

        OperatorFiles.WriteSecret(_folder.Path("certificates", "a" + extension), "-----BEGIN NOTHING-----");
        LookTwice(certificates);

        Assert.Equal(before, certificates.Select("a.example").Leaf.Thumbprint);
        Assert.Contains("a.pem", _log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", _log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_operators_key_that_others_can_read_is_not_loaded()
    {
        Open(_options);
        Put("a", "a.example");
        File.SetUnixFileMode(_folder.Path("certificates", "a.key"), OwnerOnly | UnixFileMode.OtherRead);

        var certificates = Open(_options);

        Assert.Equal("CN=Gatehouse server", certificates.Select("a.example").Leaf.Subject);
        Assert.Contains("chmod 600", _log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_door_serves_by_name_and_takes_a_new_file()
    {
        await using var host = await DoorHost.StartAsync(o => o with { Tls = o.Tls with { ReloadInterval = TimeSpan.FromHours(1) } });
        OperatorFiles.Write(host.Folder, "a", OperatorFiles.Issue(host.Folder, "a.example"));
        LookTwice(host.Get<ServerCertificates>());

        await using var named = await host.ConnectAsync(o => o.TargetHost = "a.example");
        await using var other = await host.ConnectAsync();

        Assert.Equal("CN=operator", named.RemoteCertificate!.Subject);
        Assert.Equal("CN=Gatehouse server", other.RemoteCertificate!.Subject);
    }

    private static void LookTwice(ServerCertificates certificates)
    {
        certificates.Look();
        certificates.Look();
    }

    private static bool Verify(X509Certificate2 leaf, X509Certificate2 root)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(leaf);
    }

    private ServerCertificates Open(TlsOptions options)
    {
        using var factory = LoggerFactory.Create(b => b.AddProvider(_log));
        return new ServerCertificates(options, new MadeCertificates(options, _time, factory.CreateLogger<MadeCertificates>()), factory.CreateLogger<ServerCertificates>());
    }

    private void Put(string file, string name) => OperatorFiles.Write(_folder, file, OperatorFiles.Issue(_folder, name));

    private string Leaf(string file) => X509CertificateLoader.LoadCertificateFromFile(_folder.Path("certificates", file + ".pem")).Thumbprint;
}
