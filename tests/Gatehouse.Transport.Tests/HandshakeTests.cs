using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Transport.Tls;
using Xunit;

namespace Gatehouse.Transport.Tests;

public sealed class HandshakeTests
{
    private const byte HandshakeFailure = 40;
    private const byte ProtocolVersion = 70;

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    public static TheoryData<TlsCipherSuite> OnList => [.. SuiteControl.Allowed];

    public static TheoryData<TlsCipherSuite> OffList =>
    [
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA,
    ];

    [Theory]
    [MemberData(nameof(OnList))]
    public async Task A_suite_of_the_list_is_taken(TlsCipherSuite suite)
    {
        await using var host = await StartForAsync(suite);

        await using var client = await host.ConnectAsync(o => o.CipherSuitesPolicy = new CipherSuitesPolicy([suite]));

        Assert.Equal(suite, client.NegotiatedCipherSuite);
    }

    [Theory]
    [MemberData(nameof(OffList))]
    public async Task A_suite_off_the_list_is_refused(TlsCipherSuite suite)
    {
        await using var host = await StartForAsync(suite);

        await Assert.ThrowsAnyAsync<AuthenticationException>(() => host.ConnectAsync(o => o.CipherSuitesPolicy = new CipherSuitesPolicy([suite])));

        Assert.Empty(host.Handler.Connections);
    }

    [Theory]
    [InlineData(0x02, ProtocolVersion)]
    [InlineData(0x01, ProtocolVersion)]
    [InlineData(0x00, HandshakeFailure)]
    public async Task A_version_below_1_2_is_refused_by_an_alert(byte minor, byte reason)
    {
        await using var host = await DoorHost.StartAsync();
        using var tcp = await host.TcpAsync();
        var stream = tcp.GetStream();

        await stream.WriteAsync(ClientHello(minor), Now);
        var alert = new byte[7];
        await stream.ReadExactlyAsync(alert, Now);

        const byte Alert = 21;
        Assert.Equal(Alert, alert[0]);
        Assert.Equal(reason, alert[6]);
    }

    [Fact]
    public async Task A_host_may_demand_version_1_3()
    {
        var byHost = new Dictionary<string, SslProtocols>(StringComparer.OrdinalIgnoreCase) { ["strict.example"] = SslProtocols.Tls13 };
        await using var host = await DoorHost.StartAsync(o => o with { Tls = o.Tls with { HostNames = ["strict.example"], MinimumVersionByHost = byHost } });

        await using var ordinary = await host.ConnectAsync(o => o.EnabledSslProtocols = SslProtocols.Tls12);
        await using var strict = await host.ConnectAsync(o => o.TargetHost = "STRICT.example");
        var refused = host.ConnectAsync(o => (o.TargetHost, o.EnabledSslProtocols) = ("strict.example", SslProtocols.Tls12));

        Assert.Equal(SslProtocols.Tls13, strict.SslProtocol);
        await Assert.ThrowsAnyAsync<AuthenticationException>(() => refused);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_client_certificate_is_captured_with_its_intermediates(SslProtocols version)
    {
        await using var host = await DoorHost.StartAsync();
        var pki = new ClientPki();
        var leaf = pki.Leaf("device-1");

        await using var client = await host.ConnectAsync(o => (o.ClientCertificateContext, o.EnabledSslProtocols) = (leaf, version));
        await PingAsync(client);

        Assert.Equal($"{leaf.TargetCertificate.Thumbprint} {pki.Intermediate.Thumbprint}", Assert.Single(host.Handler.Seen));
    }

    [Theory]
    [InlineData(300)]
    [InlineData(1)]
    public async Task A_self_signed_client_certificate_is_taken_even_expired(int days)
    {
        await using var host = await DoorHost.StartAsync();
        var leaf = ClientPki.SelfSigned("device-1", TimeSpan.FromDays(days));

        await using var client = await host.ConnectAsync(o => o.ClientCertificateContext = leaf);
        await PingAsync(client);

        Assert.Equal(leaf.TargetCertificate.Thumbprint, Assert.Single(host.Handler.Seen));
    }

    [Fact]
    public async Task The_list_of_acceptable_authorities_is_empty()
    {
        await using var host = await DoorHost.StartAsync();
        string[]? issuers = null;

        await using var client = await host.ConnectAsync(o => o.LocalCertificateSelectionCallback = (_, _, _, _, acceptable) =>
        {
            issuers = acceptable;
            return null!;
        });

        Assert.NotNull(issuers);
        Assert.Empty(issuers);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public async Task A_client_may_send_so_many_intermediates_and_no_more(int sent, bool isTaken)
    {
        await using var host = await DoorHost.StartAsync(o => o with { Tls = o.Tls with { MaxClientIntermediates = 2 } });
        var context = ClientPki.Chain("device-1", sent);

        await using var client = await host.ConnectAsync(o => o.ClientCertificateContext = context);

        var ping = PingAsync(client);
        if (isTaken)
        {
            await ping;
            Assert.Single(host.Handler.Seen);
        }
        else
        {
            await Assert.ThrowsAnyAsync<IOException>(() => ping);
            Assert.Empty(host.Handler.Connections);
        }
    }

    [Fact]
    public async Task Tls_contexts_give_their_buffers_back_while_connections_idle()
    {
        var before = OpenSslBuffers.Contexts;
        // A version range of its own needs a context of its own.
        await using var host = await DoorHost.StartAsync(o => o with { Tls = o.Tls with { MinimumVersion = SslProtocols.Tls13 } });

        await using var client = await host.ConnectAsync(_ => { });

        Assert.True(OpenSslBuffers.Contexts > before);
    }

    [Fact]
    public async Task Nothing_that_a_client_certificate_names_is_fetched()
    {
        await using var host = await DoorHost.StartAsync();
        using var listener = new CountingListener();
        var pki = new ClientPki();
        var url = $"http://127.0.0.1:{listener.Port}/";
        X509Extension[] urls =
        [
            new X509AuthorityInformationAccessExtension([url + "ocsp"], [url + "issuer.cer"]),
            CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([url + "crl"]),
        ];
        // The issuer is not sent: a client that wants the server to fetch it.
        var alone = SslStreamCertificateContext.Create(pki.Leaf("device-1", urls).TargetCertificate, null, offline: true);
        var started = TimeProvider.System.GetTimestamp();

        await using var client = await host.ConnectAsync(o => o.ClientCertificateContext = alone);
        await PingAsync(client);

        Assert.Single(host.Handler.Seen);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Equal(0, listener.Accepted);
    }

    private static async Task PingAsync(SslStream client)
    {
        await client.WriteAsync("ping"u8.ToArray(), Now);
        await client.ReadExactlyAsync(new byte[4], Now);
    }

    /// <summary>RSA suites need an RSA certificate to fail or work for the right reason.</summary>
    private static async Task<DoorHost> StartForAsync(TlsCipherSuite suite)
    {
        var folder = new TempFolder();
        if (!suite.ToString().Contains("_RSA_", StringComparison.Ordinal))
        {
            return await DoorHost.StartAsync(folder: folder);
        }

        // The operator's certificate for localhost, signed by the root that the first start makes.
        await using (await DoorHost.StartAsync(folder: folder, keep: true))
        {
        }

        OperatorFiles.Write(folder, "localhost", OperatorFiles.Issue(folder, RSA.Create(2048), "localhost"));
        return await DoorHost.StartAsync(folder: folder);
    }

    /// <summary>A ClientHello of SSL 3.0, TLS 1.0 or 1.1, offering a suite of that time and one of the list.</summary>
    private static byte[] ClientHello(byte minor)
    {
        byte[] body = [3, minor, .. RandomNumberGenerator.GetBytes(32), 0, 0, 4, 0xC0, 0x0A, 0xC0, 0x2B, 1, 0];
        byte[] message = [1, 0, 0, (byte)body.Length, .. body];
        return [22, 3, minor == 0 ? (byte)0 : (byte)1, 0, (byte)message.Length, .. message];
    }
}
