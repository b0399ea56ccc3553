using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gatehouse.Server.Startup;

/// <summary><c>connection.json</c>: everything a script needs to reach this server. Holds a policy key, or a token of it where keys stay in an HSM: mode 0600, removed at an orderly stop.</summary>
internal sealed record ConnectionFile(int Pid, string Version, ConnectionFile.PortNumbers Ports, ConnectionFile.HubFacts Hub, ConnectionFile.ProvisioningFacts Dps, string CaFile)
{
    internal sealed record PortNumbers(int Https, int Mqtt, int Amqp, int? MqttPlain, int Metrics, int? Pki);

    internal sealed record HubFacts(string Name, string HostName, string ConnectionString, string? EventHubConnectionString);

    internal sealed record ProvisioningFacts(string Name, string HostName, string IdScope, string ConnectionString);

    /// <summary>Writes beside, then renames: a reader sees a whole file or none.</summary>
    internal void Write(string path)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(file, this, ConnectionFileJson.Default.ConnectionFile);
        }

        File.Move(temporary, path, overwrite: true);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ConnectionFile))]
internal sealed partial class ConnectionFileJson : JsonSerializerContext;
