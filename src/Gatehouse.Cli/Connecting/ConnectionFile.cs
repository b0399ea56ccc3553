using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Connecting;

/// <summary><c>connection.json</c>, which a running server keeps in its data directory.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="HubConnectionString">Of a policy of the hub.</param>
/// <param name="ProvisioningConnectionString">Of a policy of the provisioning service; null where the server has none.</param>
/// <param name="HostName">Of the hub, and of the service beside it.</param>
/// <param name="HttpsPort">HTTPS.</param>
/// <param name="MqttPort">MQTT over TLS.</param>
/// <param name="CaFile">The server's root.</param>
internal sealed record ConnectionFile(string Path, string HubConnectionString, string? ProvisioningConnectionString, string HostName, int HttpsPort, int MqttPort, string CaFile)
{
    /// <returns>Null when there is none.</returns>
    internal static ConnectionFile? Read(string directory)
    {
        var path = System.IO.Path.Combine(directory, "connection.json");
        try
        {
            var json = JsonNode.Parse(File.ReadAllText(path))!;
            return new ConnectionFile(
                path,
                (string)json["hub"]!["connectionString"]!,
                (string?)json["dps"]?["connectionString"],
                (string)json["hub"]!["hostName"]!,
                (int)json["ports"]!["https"]!,
                (int)json["ports"]!["mqtt"]!,
                (string)json["caFile"]!);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (UnauthorizedAccessException error)
        {
            throw new CliException($"'{path}' may only be read by the user that runs the server. Run this as that user, or name the hub with --connection-string.", ExitCode.Refused, error);
        }
        catch (Exception error) when (error is JsonException or NullReferenceException or InvalidOperationException or FormatException or IOException)
        {
            throw new CliException($"'{path}' cannot be read as a server writes it ({error.GetType().Name}). Start the server anew, or name the hub with --connection-string.", ExitCode.Refused, error);
        }
    }

    /// <summary>The directory that the server takes when none is named.</summary>
    internal static string DefaultDirectory() => System.IO.Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } folder ? folder : System.IO.Path.GetTempPath(),
        "gatehouse");

    public override string ToString() => Path;
}
