using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Cli.Connecting;
using Gatehouse.Server.Tests;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>A device that sends what a test wants.</summary>
internal sealed class TestDevice(RunningServer server, string id) : IDisposable
{
    private readonly IMqttClient client = new MqttClientFactory().CreateMqttClient();

    /// <summary>Registers it and connects with its key.</summary>
    internal static async Task<TestDevice> ConnectAsync(RunningServer server, string id)
    {
        await CliRun.OkAsync(server.On("device", "create", id));
        var keys = (await CliRun.OkAsync(server.On("device", "keys", id, "--json"))).Json;
        var device = new TestDevice(server, id);
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync((string)keys["primaryKey"]!));
        return device;
    }

    internal Task<MqttClientConnectResultCode> TryConnectAsync(string? key, TimeSpan? lifetime = null, X509Certificate2? certificate = null) => TryConnectByAsync(
        key is null ? "" : SharedAccessToken.Make($"localhost/devices/{id}", Convert.FromBase64String(key), null, DateTimeOffset.UtcNow + (lifetime ?? TimeSpan.FromHours(1))), certificate);

    /// <summary>With a token that somebody else made.</summary>
    internal async Task<MqttClientConnectResultCode> TryConnectByAsync(string token, X509Certificate2? certificate = null)
    {
        var options = new MqttClientOptionsBuilder()
            .WithTcpServer("localhost", server.Port("mqtt"))
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithClientId(id)
            .WithCredentials($"localhost/{id}/?api-version=2021-04-12", token)
            .WithTlsOptions(tls => tls
                .UseTls()
                .WithClientCertificates(certificate is null ? [] : [certificate])
                .WithTrustChain([X509CertificateLoader.LoadCertificateFromFile(server.Connection.GetProperty("caFile").GetString()!)])
                .WithRevocationMode(X509RevocationMode.NoCheck))
            .Build();
        return (await client.ConnectAsync(options, TestContext.Current.CancellationToken)).ResultCode;
    }

    internal async Task SendAsync(string body, string properties = "")
    {
        var message = new MqttApplicationMessageBuilder()
            .WithTopic($"devices/{id}/messages/events/{properties}")
            .WithPayload(Encoding.UTF8.GetBytes(body))
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
            .Build();
        Assert.True((await client.PublishAsync(message, TestContext.Current.CancellationToken)).IsSuccess);
    }

    public void Dispose() => client.Dispose();
}
