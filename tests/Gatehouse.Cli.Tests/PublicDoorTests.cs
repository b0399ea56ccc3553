using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
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
            "", scope!, $"{scope}/", $"{scope}/none.crl", $"{scope}/fleet", $"{scope}/fleet.crl/", $"{scope}/.crl", $"none/fleet.crl", "none/fleet.ocsp", $"{scope}/fleet.OCSP", $"{scope}/.ocsp", $"{scope}/fleet.CRL", $"{scope}/{new string('a', 300)}.crl", $"{scope}/fle%2Fet.crl",
            "metrics", "health/live", "devices?api-version=2021-04-12", "enrollments/a?api-version=2021-10-01", $"{scope}/registrations/a?api-version=2021-06-01", ".well-known/est/cacerts", "$iothub/websocket",
        ];
        foreach (var path in absent)
        {
            using var none = await AskAsync(HttpMethod.Get, path);
            Assert.True(none.StatusCode == HttpStatusCode.NotFound, $"{path}: {none.StatusCode}");
        }

        // As certificates have it that the CA issued, and no other CA.
        var mark = Convert.ToHexStringLower(SHA256.HashData(expected.PublicKey.ExportSubjectPublicKeyInfo()))[..16];
        using var own = await AskAsync(HttpMethod.Get, $"{scope}/{mark}/fleet.cer");
        Assert.Equal(expected.RawData, await own.Content.ReadAsByteArrayAsync(Token));
        using var ownList = await AskAsync(HttpMethod.Get, $"{scope}/{mark}/fleet.crl");
        Assert.Equal("application/pkix-crl", ownList.Content.Headers.ContentType?.MediaType);
        using var foreign = await AskAsync(HttpMethod.Get, $"{scope}/0123456789abcdef/fleet.crl");
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);

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

    [Fact]
    public async Task OCSP_is_answered_by_POST_and_by_GET_and_openssl_takes_it()
    {
        using var folder = new TemporaryFolder();
        string In(string name) => Path.Combine(folder.Path, name);
        await CliRun.OkAsync(server.On("enrollment", "policy", "create", "fleet"));
        var scope = server.Connection.GetProperty("dps").GetProperty("idScope").GetString();
        await File.WriteAllTextAsync(In("ca.pem"), (await CliRun.OkAsync(server.On("enrollment", "policy", "show", "fleet", "--pem"))).Output, Token);

        // With a nonce, as openssl asks.
        var (code, output) = Openssl("ocsp", "-issuer", In("ca.pem"), "-serial", "0x4011223344556677", "-url", $"http://127.0.0.1:{server.Port("pki")}/{scope}/fleet.ocsp", "-CAfile", In("ca.pem"));
        Assert.True(code == 0 && output.Contains("Response verify OK", StringComparison.Ordinal) && output.Contains(": unknown", StringComparison.Ordinal) && !output.Contains("WARNING", StringComparison.Ordinal), output);

        Assert.Equal(0, Openssl("ocsp", "-issuer", In("ca.pem"), "-serial", "0x4011223344556677", "-no_nonce", "-reqout", In("question.der")).Code);
        var question = await File.ReadAllBytesAsync(In("question.der"), Token);
        foreach (var text in new[] { Uri.EscapeDataString(Convert.ToBase64String(question)), Convert.ToBase64String(question) })
        {
            using var got = await AskAsync(HttpMethod.Get, $"{scope}/fleet.ocsp/{text}");
            Assert.Equal((HttpStatusCode.OK, "application/ocsp-response"), (got.StatusCode, got.Content.Headers.ContentType?.MediaType));
            Assert.Equal((TimeSpan.FromMinutes(1), true, true), (got.Headers.CacheControl?.MaxAge, got.Headers.CacheControl?.MustRevalidate, got.Headers.ETag is not null));
            Assert.NotNull(got.Content.Headers.LastModified);
            await File.WriteAllBytesAsync(In("answer.der"), await got.Content.ReadAsByteArrayAsync(Token), Token);
            var (judged, verdict) = Openssl("ocsp", "-respin", In("answer.der"), "-issuer", In("ca.pem"), "-serial", "0x4011223344556677", "-no_nonce", "-CAfile", In("ca.pem"));
            Assert.True(judged == 0 && verdict.Contains("Response verify OK", StringComparison.Ordinal), verdict);
        }

        // The same as certificates name it; of the CA before nothing is said.
        using var authority = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(In("ca.pem"), Token));
        var mark = Convert.ToHexStringLower(SHA256.HashData(authority.PublicKey.ExportSubjectPublicKeyInfo()))[..16];
        using var named = await PostAsync($"{scope}/{mark}/fleet.ocsp", question, "application/ocsp-request");
        Assert.True((await named.Content.ReadAsByteArrayAsync(Token)).Length > 100);
        using var before = await AskAsync(HttpMethod.Get, $"{scope}/0123456789abcdef/fleet.ocsp/{Convert.ToBase64String(question)}");
        Assert.Equal([0x30, 0x03, 0x0A, 0x01, 0x06], await before.Content.ReadAsByteArrayAsync(Token));

        using var absent = await AskAsync(HttpMethod.Get, $"{scope}/none.ocsp/{Uri.EscapeDataString(Convert.ToBase64String(question))}");
        Assert.Equal(HttpStatusCode.NotFound, absent.StatusCode);
        using var posted = await PostAsync($"{scope}/fleet.ocsp", question, "application/ocsp-request");
        Assert.Equal((HttpStatusCode.OK, true), (posted.StatusCode, posted.Headers.CacheControl?.NoStore));
    }

    [Fact]
    public async Task A_question_that_is_none_costs_nothing_and_is_told_so()
    {
        await CliRun.OkAsync(server.On("enrollment", "policy", "create", "fleet"));
        var path = $"{server.Connection.GetProperty("dps").GetProperty("idScope").GetString()}/fleet.ocsp";

        using var malformed = await PostAsync(path, [0x30, 0x80, 0x01], "application/ocsp-request");
        Assert.Equal([0x30, 0x03, 0x0A, 0x01, 0x01], await malformed.Content.ReadAsByteArrayAsync(Token));
        using var empty = await PostAsync(path, [], "application/ocsp-request");
        Assert.Equal([0x30, 0x03, 0x0A, 0x01, 0x01], await empty.Content.ReadAsByteArrayAsync(Token));
        using var large = await PostAsync(path, new byte[8 * 1024], "application/ocsp-request");
        using var tooLarge = await PostAsync(path, new byte[(8 * 1024) + 1], "application/ocsp-request");
        using var other = await PostAsync(path, [1], "application/octet-stream");
        using var head = await AskAsync(HttpMethod.Head, path);
        using var put = await AskAsync(HttpMethod.Put, path);
        using var text = await AskAsync(HttpMethod.Get, $"{path}/!!!");
        using var nothing = await AskAsync(HttpMethod.Get, path);
        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.UnsupportedMediaType, HttpStatusCode.MethodNotAllowed, HttpStatusCode.MethodNotAllowed, HttpStatusCode.BadRequest, HttpStatusCode.BadRequest],
            new[] { large, tooLarge, other, head, put, text, nothing }.Select(each => each.StatusCode));
    }

    private async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string type)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new(type);
        return await client.PostAsync(new Uri($"http://127.0.0.1:{server.Port("pki")}/{path}"), content, Token);
    }

    private static (int Code, string Output) Openssl(params string[] arguments)
    {
        using var run = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = run.StandardError.ReadToEndAsync();
        var output = run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        return (run.ExitCode, $"{output}{errors.Result}");
    }

    private Task<HttpResponseMessage> AskAsync(HttpMethod method, string path) =>
        client.SendAsync(new HttpRequestMessage(method, $"http://127.0.0.1:{server.Port("pki")}/{path}"), Token);
}
