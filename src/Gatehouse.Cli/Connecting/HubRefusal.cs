using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Connecting;

/// <summary>The hub answered with an error of its catalogue.</summary>
internal sealed class HubRefusal(HttpStatusCode status, string code, string message) : CliException(message)
{
    internal HttpStatusCode Status { get; } = status;

    /// <summary>Name in the catalogue: DeviceNotFound, PreconditionFailed …</summary>
    internal string ErrorCode { get; } = code;

    internal bool IsNotFound => Status == HttpStatusCode.NotFound;

    internal static async Task<HubRefusal> ReadAsync(HttpResponseMessage answer, HubAddress address, CancellationToken cancellationToken)
    {
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        var code = Header(answer, "iothub-errorcode") ?? ProvisioningRefusal.NameOf(Header(answer, "x-ms-error-code")) ?? $"HTTP {(int)answer.StatusCode}";
        var text = Text(body);
        var said = text.Length == 0 ? code : $"{text.TrimEnd('.', ' ')} ({code})";
        return new HubRefusal(answer.StatusCode, code, $"{said}.{ProvisioningRefusal.Next(code, address) ?? Next(code, answer.StatusCode, address)}");
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.First() : null;

    // {"Message":"ErrorCode:Name;text","ExceptionMessage":"Tracking ID:…"}; of the provisioning service {"errorCode":404201,"message":"text"}
    private static string Text(string body)
    {
        try
        {
            var said = JsonNode.Parse(body);
            var message = (string?)(said?["Message"] ?? said?["message"]) ?? "";
            var semicolon = message.IndexOf(';', StringComparison.Ordinal);
            return message.StartsWith("ErrorCode:", StringComparison.Ordinal) && semicolon > 0 ? message[(semicolon + 1)..] : message;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return "";
        }
    }

    private static string Next(string code, HttpStatusCode status, HubAddress address) => code switch
    {
        "IotHubUnauthorizedAccess" or "IotHubUnauthorized" =>
            $" The hub at {address} did not accept policy '{address.Policy.PolicyName}' of {address.Source} for this: its key is not the present one, it lacks the right, or this machine's clock is off.",
        "IotHubNotFound" => $" No hub there is called '{address.HostName}': correct HostName, or start the server with --host-name {address.HostName}.",
        "DeviceNotFound" => " 'gatehouse device list' shows the devices there are; ids are case-sensitive.",
        "ModuleNotFound" => " 'gatehouse module list DEVICE' shows the modules there are; ids are case-sensitive.",
        "DeviceAlreadyExists" => " 'gatehouse device update' changes it.",
        "ModuleAlreadyExistsOnDevice" => " 'gatehouse module update' changes it.",
        "PreconditionFailed" => " Somebody changed it meanwhile: look at it again and repeat, or overwrite with --etag '*'.",
        "ThrottlingException" => " Wait a moment and repeat.",
        "ServerError" => " The server's log says more under the same time.",
        _ when status == HttpStatusCode.NotFound && !code.StartsWith("HTTP", StringComparison.Ordinal) => "",
        _ when code.StartsWith("HTTP", StringComparison.Ordinal) => $" What answers at {address} is not a Gatehouse hub: check host name and port.",
        _ => "",
    };
}
