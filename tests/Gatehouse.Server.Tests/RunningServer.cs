using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Gatehouse.Server.Tests;

/// <summary>A server on ports of the system's choice and a data directory of its own, and what a script knows of it from connection.json.</summary>
public sealed class RunningServer : IAsyncLifetime
{
    private readonly List<ServerChild> children = [];

    internal string Data { get; } = Path.Combine(Path.GetTempPath(), "gatehouse-test-" + Path.GetRandomFileName());

    internal string ConnectionPath => Path.Combine(Data, "connection.json");

    internal ServerChild Child => children[^1];

    internal JsonElement Connection { get; private set; }

    internal string ConnectionString => Connection.GetProperty("hub").GetProperty("connectionString").GetString()!;

    public async ValueTask InitializeAsync() => await StartAsync();

    public ValueTask DisposeAsync()
    {
        children.ForEach(child => child.Dispose());
        Directory.Delete(Data, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Starts on the data directory, again if need be, and waits until the server says that it is ready.</summary>
    internal async Task StartAsync(params IEnumerable<string> more)
    {
        var child = ServerChild.Start(["--data", Data, "--mqtt-port", "0", "--amqp-port", "0", "--https-port", "0", "--metrics-port", "0", .. more]);
        children.Add(child);
        JsonElement? connection;
        while ((connection = Read())?.GetProperty("pid").GetInt32() != child.Id)
        {
            if (child.HasExited)
            {
                Assert.Fail("The server did not start: " + await child.WaitAsync());
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Connection = connection!.Value;
    }

    internal int Port(string name) => Connection.GetProperty("ports").GetProperty(name).GetInt32();

    /// <summary>Asks on the HTTPS port.</summary>
    internal Task<(HttpStatusCode Status, string Body)> AskAsync(string path, string? token = null, string? host = null) => AskAsync(Https(), path, token, host);

    /// <summary>Asks on the operations port.</summary>
    internal Task<(HttpStatusCode Status, string Body)> AskOperationsAsync(string path, string? token = null, string? host = null) =>
        AskAsync(new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port("metrics")}") }, path, token, host);

    /// <summary>Sends a JSON body to the HTTPS port.</summary>
    internal async Task<(HttpStatusCode Status, string Body)> PutAsync(string path, string json, string token)
    {
        using var client = Https();
        using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Authorization", token);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpClient client, string path, string? token, string? host)
    {
        using var owned = client;
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = host;
        request.Headers.TryAddWithoutValidation("Authorization", token);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The hub's root and nothing else.</summary>
    internal X509ChainPolicy Trust()
    {
        var root = X509CertificateLoader.LoadCertificateFromFile(Connection.GetProperty("caFile").GetString()!);
        return new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { root } };
    }

    private HttpClient Https()
    {
        var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Trust() } };
        return new HttpClient(handler) { BaseAddress = new Uri($"https://localhost:{Port("https")}") };
    }

    /// <summary>A token of the policy in the connection string, as the SDKs make it.</summary>
    internal string Token()
    {
        var parts = ConnectionString.Split(';').Select(part => part.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        var expiry = DateTimeOffset.UtcNow.AddMinutes(10).ToUnixTimeSeconds();
        var mac = HMACSHA256.HashData(Convert.FromBase64String(parts["SharedAccessKey"]), Encoding.UTF8.GetBytes($"{parts["HostName"]}\n{expiry}"));
        return $"SharedAccessSignature sr={parts["HostName"]}&sig={Uri.EscapeDataString(Convert.ToBase64String(mac))}&se={expiry}&skn={parts["SharedAccessKeyName"]}";
    }

    /// <summary>Null when there is none; a server that starts takes away the one that a killed one left, also between a look and a read.</summary>
    private JsonElement? Read()
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(ConnectionPath)).RootElement;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
