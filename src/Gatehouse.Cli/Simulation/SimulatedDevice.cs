using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Cli.Connecting;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Gatehouse.Cli.Simulation;

/// <summary>One device: a key of its own, one MQTT connection over TLS, telemetry with QoS 1.</summary>
/// <remarks>User name, token and topic as in the IoT Hub "Communicate with IoT Hub using the MQTT protocol" page.</remarks>
internal sealed class SimulatedDevice : IDisposable
{
    private const int KeyBytes = 32;
    private const string UserSuffix = "?api-version=2021-04-12&DeviceClientType=gatehouse-simulate";
    private const string TopicSuffix = "/messages/events/%24.ct=application%2Fjson&%24.ce=utf-8";

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(1);
    private static readonly MqttClientFactory Clients = new();

    private readonly IMqttClient client = Clients.CreateMqttClient();
    private readonly byte[] key = RandomNumberGenerator.GetBytes(KeyBytes);
    private readonly byte[] secondaryKey = RandomNumberGenerator.GetBytes(KeyBytes);
    private int sent;

    internal SimulatedDevice(string id) => Id = id;

    internal string Id { get; }

    internal bool IsConnected => client.IsConnected;

    internal (string Primary, string Secondary) Keys => (Convert.ToBase64String(key), Convert.ToBase64String(secondaryKey));

    /// <exception cref="CliException">Refused or not reached.</exception>
    internal async Task ConnectAsync(HubAddress address, TrustedRoot root, CancellationToken cancellationToken)
    {
        var token = SharedAccessToken.Make($"{address.HostName}/devices/{Id}", key, null, DateTimeOffset.UtcNow + TokenLifetime);
        var options = new MqttClientOptionsBuilder()
            .WithTcpServer(address.HostName, address.MqttPort)
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithClientId(Id)
            .WithCredentials($"{address.HostName}/{Id}/{UserSuffix}", Encoding.UTF8.GetBytes(token))
            .WithTimeout(AnswerTimeout)
            .WithTlsOptions(tls => tls
                .UseTls()
                .WithTargetHost(address.HostName)
                .WithSslProtocols(SslProtocols.None)
                .WithRevocationMode(X509RevocationMode.NoCheck)
                .WithCertificateValidationHandler(seen => root.IsGood(seen.Certificate, seen.Chain, seen.SslPolicyErrors)))
            .Build();
        try
        {
            var answer = await client.ConnectAsync(options, cancellationToken);
            if (answer.ResultCode != MqttClientConnectResultCode.Success)
            {
                throw new CliException($"'{Id}' was refused ({answer.ResultCode}); 'gatehouse why {Id}' says why.");
            }
        }
        catch (Exception error) when (error is not (CliException or OperationCanceledException))
        {
            throw new CliException($"'{Id}' could not connect to {address.HostName}:{address.MqttPort}: {(error.InnerException ?? error).Message}", ExitCode.Refused, error);
        }
    }

    /// <summary>Sends one message and waits for its acknowledgement.</summary>
    /// <returns>Null when it was acknowledged, else why not.</returns>
    internal async Task<string?> SendAsync(int size, CancellationToken cancellationToken)
    {
        var message = new MqttApplicationMessageBuilder()
            .WithTopic($"devices/{Id}{TopicSuffix}")
            .WithPayload(SimulatedBody.Make(size, ++sent))
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
            .Build();
        try
        {
            var answer = await client.PublishAsync(message, cancellationToken);
            return answer.IsSuccess ? null : answer.ReasonCode.ToString();
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return error is OperationCanceledException ? "no acknowledgement came in time" : (error.InnerException ?? error).Message;
        }
    }

    internal async Task DisconnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            await client.DisconnectAsync(new MqttClientDisconnectOptions(), cancellationToken);
        }
        catch (Exception)
        {
            // It is gone either way.
        }
    }

    public void Dispose()
    {
        client.Dispose();
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(secondaryKey);
    }
}
