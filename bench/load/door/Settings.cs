using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gatehouse.Bench.Door;

/// <summary>What to do to which server.</summary>
internal sealed record Settings
{
    /// <summary><c>methods</c>, <c>twins</c>, <c>c2d-rest</c>, <c>c2d-amqp</c>, <c>http</c>, <c>http-batch</c>.</summary>
    internal required string Mode { get; init; }

    internal int MqttPort { get; init; }

    internal int HttpsPort { get; init; }

    internal int AmqpPort { get; init; }

    internal required X509Certificate2 Authority { get; init; }

    internal required byte[] GroupKey { get; init; }

    /// <summary>SAS token of a policy.</summary>
    internal required string ServiceToken { get; init; }

    internal int ServerProcess { get; init; }

    /// <summary>MQTT devices that are connected: dev0, dev1, ….</summary>
    internal int Devices { get; init; }

    /// <summary>Operations under way at once.</summary>
    internal int InFlight { get; init; }

    /// <summary>Operations begun in a second; 0: as fast as they are answered.</summary>
    internal int Rate { get; init; }

    internal int Seconds { get; init; }

    /// <summary>Messages of an HTTP batch.</summary>
    internal int Batch { get; init; }

    internal static Settings Read(string[] args)
    {
        var values = args.Select(arg => arg.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        int Number(string name, int otherwise) => values.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
        return new Settings
        {
            Mode = values["mode"],
            MqttPort = Number("mqtt", 0),
            HttpsPort = Number("https", 0),
            AmqpPort = Number("amqp", 0),
            Authority = X509CertificateLoader.LoadCertificateFromFile(values["ca"]),
            GroupKey = Convert.FromBase64String(values["group"]),
            ServiceToken = values["token"],
            ServerProcess = Number("pid", 0),
            Devices = Number("devices", 100),
            InFlight = Number("in-flight", 1),
            Rate = Number("rate", 0),
            Seconds = Number("seconds", 5),
            Batch = Number("batch", 50),
        };
    }

    internal string DeviceToken(int device)
    {
        var key = HMACSHA256.HashData(GroupKey, Encoding.UTF8.GetBytes($"dev{device}"));
        var resource = Uri.EscapeDataString($"localhost/devices/dev{device}");
        var expiry = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 3600;
        var signature = Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{resource}\n{expiry}")));
        return $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(signature)}&se={expiry}";
    }

    internal SslClientAuthenticationOptions Tls() => new()
    {
        TargetHost = "localhost",
        RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
        {
            chain!.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(Authority);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            return chain.Build(new X509Certificate2(certificate!));
        },
    };

    internal HttpClient Http() => new(new SocketsHttpHandler { SslOptions = Tls(), MaxConnectionsPerServer = 256, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5) })
    {
        BaseAddress = new Uri($"https://localhost:{HttpsPort}/"),
        DefaultRequestVersion = HttpVersion.Version11,
    };
}
