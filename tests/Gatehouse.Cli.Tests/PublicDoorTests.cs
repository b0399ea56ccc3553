using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>What everybody may have over plain HTTP: lists and certificates of CAs, and nothing else of the server.</summary>
public sealed class PublicDoorTests : IAsyncLifetime
{
    private readonly RunningServer server = new();
    private readonly HttpClient client = new() { Timeout = TimeSpan.FromMinutes(2) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await server.StartAsync("--pki-port", "0", "--address", "127.0.0.1");

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Lists_and_certificates_of_policies_are_there_and_nothing_else_is()
    {
        await CliRun.OkAsync(server.On("enrollment", "policy", "create", "fleet"));
        var scope = server.Connection.GetProperty("dps").GetProperty("idScope").GetString();
        var pem = (await CliRun.OkAsync(server.On("enrollment", "policy", "show", "fleet", "--pem"))).Output;
        using var expected = X509Certificate2.CreateFromPem(pem);

        using var list = await AskAsync(HttpMethod.Get, $"{scope}/fleet.crl");
        using var certificate = await AskAsync(HttpMethod.Get, $"{scope}/Fleet.cer");

        Assert.Equal((HttpStatusCode.OK, "application/pkix-crl"), (list.StatusCode, list.Content.Headers.ContentType?.MediaType));
        CertificateRevocationListBuilder.Load(await list.Content.ReadAsByteArrayAsync(Token), out var number, out _);
        Assert.Equal(1, number);
        Assert.Equal((HttpStatusCode.OK, "application/pkix-cert"), (certificate.StatusCode, certificate.Content.Headers.ContentType?.MediaType));
        Assert.Equal(expected.RawData, await certificate.Content.ReadAsByteArrayAsync(Token));
        string[] absent =
        [
            "", scope!, $"{scope}/", $"{scope}/none.crl", $"{scope}/fleet", $"{scope}/fleet.crl/", $"{scope}/.crl", $"none/fleet.crl", $"{scope}/fleet.CRL", $"{scope}/{new string('a', 300)}.crl", $"{scope}/fle%2Fet.crl",
            "metrics", "health/live", "devices?api-version=2021-04-12", "enrollments/a?api-version=2021-10-01", $"{scope}/registrations/a?api-version=2021-06-01", ".well-known/est/cacerts", "$iothub/websocket",
        ];
        foreach (var path in absent)
        {
            using var none = await AskAsync(HttpMethod.Get, path);
            Assert.True(none.StatusCode == HttpStatusCode.NotFound, $"{path}: {none.StatusCode}");
        }

        using var head = await AskAsync(HttpMethod.Head, $"{scope}/fleet.crl");
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        using var posted = await AskAsync(HttpMethod.Post, $"{scope}/fleet.crl");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
    }

    [Fact]
    public async Task What_is_not_in_the_inventory_and_what_is_no_reason_is_refused()
    {
        await CliRun.RefusedAsync(1, server.On("enrollment", "revoke-certificate", "00:ff", "--reason", "keyCompromise"), "serial number");
        await CliRun.RefusedAsync(1, server.On("enrollment", "revoke-certificate", "00ff", "--reason", "certificateHold"), "keyCompromise");
    }

    private Task<HttpResponseMessage> AskAsync(HttpMethod method, string path) =>
        client.SendAsync(new HttpRequestMessage(method, $"http://127.0.0.1:{server.Port("pki")}/{path}"), Token);
}
