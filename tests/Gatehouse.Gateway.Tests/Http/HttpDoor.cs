using System.Net;
using System.Text;
using Gatehouse.Gateway.Http;
using Gatehouse.Gateway.Http.Files;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.Gateway.Tests.Http;

/// <summary>The device plane of a host behind a real web server on loopback, without TLS; what it passes on answers 418.</summary>
internal sealed class HttpDoor : IAsyncDisposable
{
    internal const string Events = "/devices/d1/messages/events?api-version=2021-04-12";

    private readonly WebApplication app;

    // One connection, so that what the server remembers of it is met.
    private readonly HttpClient client = new(new SocketsHttpHandler { MaxConnectionsPerServer = 1, RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8, ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8 });

    private HttpDoor(GatewayHost host, WebApplication app) => (Host, this.app) = (host, app);

    internal GatewayHost Host { get; }

    private Uri Address => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    internal static async Task<HttpDoor> OpenAsync(GatewayHost host)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ResponseHeaderEncodingSelector = _ => Encoding.UTF8).UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(host.Get<DeviceApi>()).AddSingleton(host.Get<BlobApi>());
        var app = builder.Build();
        app.UseDeviceApi();
        app.Run(http =>
        {
            http.Response.StatusCode = StatusCodes.Status418ImATeapot;
            return Task.CompletedTask;
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new HttpDoor(host, app);
    }

    /// <summary>Asks with the token (null: none) and these headers.</summary>
    internal async Task<Answer> AskAsync(string method, string path, string? token, byte[]? body = null, string? contentType = null, bool isChunked = false, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Address, path));
        request.Headers.Host = "localhost";
        request.Headers.TransferEncodingChunked = isChunked ? true : null;
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", token);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        foreach (var (name, value) in headers)
        {
            if (name == "Host")
            {
                request.Headers.Host = value;
            }
            else
            {
                Assert.True(name.StartsWith("Content-", StringComparison.Ordinal) ? request.Content!.Headers.TryAddWithoutValidation(name, value) : request.Headers.TryAddWithoutValidation(name, value), name);
            }
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(
            response.StatusCode,
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.Ordinal),
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Sends one message of d1.</summary>
    internal Task<Answer> SendAsync(string token, string body = "x", params (string Name, string Value)[] headers) =>
        AskAsync("POST", Events, token, Encoding.UTF8.GetBytes(body), headers: headers);

    /// <summary>Sends a batch of d1.</summary>
    internal Task<Answer> SendBatchAsync(string token, string json) =>
        AskAsync("POST", Events, token, Encoding.UTF8.GetBytes(json), "application/vnd.microsoft.iothub.json");

    /// <summary>Puts a blob of so many zeros, which never lie in memory together.</summary>
    internal async Task<int> PutStreamAsync(string path, int size)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(Address, path)) { Content = new StreamContent(new ZeroStream(size)) };
        request.Headers.Host = "localhost";
        request.Headers.Add("x-ms-blob-type", "BlockBlob");
        request.Content.Headers.ContentLength = size;
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.DisposeAsync();
    }

    internal sealed record Answer(HttpStatusCode Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
    {
        internal int Code => (int)Status;

        internal string Text => Encoding.UTF8.GetString(Body);

        internal string? Header(string name) => Headers.GetValueOrDefault(name);

        /// <summary>The service's error shape, with this code.</summary>
        internal void ExpectError(int status, string name)
        {
            Assert.Equal((status, name), (Code, Header("iothub-errorcode")));
            Assert.StartsWith($"{{\"Message\":\"ErrorCode:{name};", Text, StringComparison.Ordinal);
            Assert.Contains("\"ExceptionMessage\":\"Tracking ID:", Text, StringComparison.Ordinal);
            Assert.False(string.IsNullOrEmpty(Header("x-ms-request-id")));
        }

        /// <summary>204 without a body.</summary>
        internal void ExpectDone()
        {
            Assert.Equal((204, 0, ""), (Code, Body.Length, Header("iothub-errorcode") ?? ""));
            Assert.False(string.IsNullOrEmpty(Header("x-ms-request-id")));
        }
    }
}
