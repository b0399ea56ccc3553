using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Gatehouse.Bench.Registrations;

/// <summary>The provisioning service of the server under test, and what that server uses.</summary>
internal sealed class Service
{
    private const double TicksPerSecond = 100;
    private const string ApiVersion = "api-version=2021-06-01";

    private readonly string key;
    private readonly int process;

    private Service(JsonElement connection)
    {
        var dps = connection.GetProperty("dps");
        Port = connection.GetProperty("ports").GetProperty("https").GetInt32();
        IdScope = dps.GetProperty("idScope").GetString()!;
        key = dps.GetProperty("connectionString").GetString()!.Split("SharedAccessKey=")[1];
        process = connection.GetProperty("pid").GetInt32();
        Authority = X509CertificateLoader.LoadCertificateFromFile(connection.GetProperty("caFile").GetString()!);
    }

    internal int Port { get; }

    internal string IdScope { get; }

    internal X509Certificate2 Authority { get; }

    internal double CpuSeconds
    {
        get
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
    }

    internal long ResidentMegabytes
    {
        get
        {
            using var server = Process.GetProcessById(process);
            return server.WorkingSet64 >> 20;
        }
    }

    /// <param name="file">The server's connection.json.</param>
    internal static async Task<Service> OfAsync(string file)
    {
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        return new Service(document.RootElement);
    }

    internal string RegisterPath(string id) => $"/{IdScope}/registrations/{id}/register?{ApiVersion}";

    internal string OperationPath(string id, string operation) => $"/{IdScope}/registrations/{id}/operations/{operation}?{ApiVersion}";

    internal string DeviceToken(string id, byte[] deviceKey) => Sign($"{IdScope}/registrations/{id}", deviceKey, "registration");

    internal async Task PutAsync(string path, object body)
    {
        await using var connection = await HttpsConnection.OpenAsync(this, null, null);
        var answer = await connection.SendAsync("PUT", $"{path}?api-version=2021-10-01", Sign("localhost", Convert.FromBase64String(key), "provisioningserviceowner"), JsonSerializer.Serialize(body));
        if (answer.Status >= 300)
        {
            throw new InvalidOperationException($"PUT {path}: {answer.Status} {answer.Body}");
        }
    }

    private static string Sign(string resource, byte[] key, string policy)
    {
        var encoded = Uri.EscapeDataString(resource);
        var expiry = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 3600;
        var signature = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{encoded}\n{expiry}"));
        return $"SharedAccessSignature sr={encoded}&sig={Uri.EscapeDataString(Convert.ToBase64String(signature))}&se={expiry}&skn={policy}";
    }
}
