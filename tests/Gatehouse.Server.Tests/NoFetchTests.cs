using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Gatehouse.Server.Tests;

/// <summary>From the first byte to CONNACK nothing that a client's certificate names is called: whoever may present one must not choose what the server connects to.</summary>
public sealed class NoFetchTests(RunningServer server) : IClassFixture<RunningServer>
{
    // The platform's own fetch waits 15 s for an answer that does not come.
    private static readonly TimeSpan Stalled = TimeSpan.FromSeconds(12);

    [Theory]
    [InlineData("selfSigned", true)]
    [InlineData("certificateAuthority", false)]
    public async Task No_address_in_a_client_certificate_is_called(string kind, bool isAccepted)
    {
        using var lure = new Lure();
        var id = $"lured-{kind}";
        using var certificate = MakeCertificate(id, lure.Port);
        await RegisterAsync(id, kind, certificate.Thumbprint);
        var started = TimeProvider.System.GetTimestamp();

        var code = await ConnectAsync(id, certificate);

        Assert.Equal(isAccepted, code == 0);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, Stalled);
        Assert.Equal(0, lure.Called);
    }

    /// <summary>Names an issuer that is not sent and may be had at an address, as may its lists and its word on this certificate.</summary>
    private static X509Certificate2 MakeCertificate(string id, int port)
    {
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var url = $"http://127.0.0.1:{port}/";
        var request = new CertificateRequest($"CN={id}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([url + "ocsp"], [url + "issuer.cer"]));
        request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([url + "crl"]));
        var now = DateTimeOffset.UtcNow;
        using var made = request.Create(new X500DistinguishedName("CN=Elsewhere"), X509SignatureGenerator.CreateForECDsa(issuerKey), now.AddDays(-1), now.AddDays(1), [1]);
        using var whole = made.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null);
    }

    private async Task RegisterAsync(string id, string kind, string thumbprint)
    {
        object proof = kind == "selfSigned" ? new { type = kind, x509Thumbprint = new { primaryThumbprint = thumbprint } } : new { type = kind };
        var body = JsonSerializer.Serialize(new { deviceId = id, authentication = proof });

        var (status, answer) = await server.PutAsync($"/devices/{id}?api-version=2021-04-12", body, server.Token());

        Assert.True(status == HttpStatusCode.OK, answer);
    }

    /// <returns>The code of CONNACK; null when the server closes without one.</returns>
    private async Task<byte?> ConnectAsync(string id, X509Certificate2 certificate)
    {
        var now = TestContext.Current.CancellationToken;
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, server.Port("mqtt"), now);
        await using var stream = new SslStream(tcp.GetStream());
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
                CertificateChainPolicy = server.Trust(),
            },
            now);
        byte[] body = [.. Text("MQTT"), 4, 0x82, 0, 60, .. Text(id), .. Text($"localhost/{id}/?api-version=2021-04-12")];
        await stream.WriteAsync((byte[])[0x10, (byte)body.Length, .. body], now);
        var answer = new byte[4];
        var read = await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, now);
        return read == answer.Length ? answer[3] : null;
    }

    private static byte[] Text(string text) => [0, (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    /// <summary>Takes every caller and never answers.</summary>
    private sealed class Lure : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);

        internal Lure() => listener.Start();

        internal int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        /// <summary>Callers wait in the queue of the listener, accepted by the kernel.</summary>
        internal int Called => listener.Pending() ? 1 : 0;

        public void Dispose() => listener.Dispose();
    }
}
