using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Mqtt;

/// <summary>User name of a device that registers at a provisioning service: <c>{idScope}/registrations/{registrationId}/api-version=…&amp;ClientVersion=…</c>.</summary>
/// <remarks>Source: Device Provisioning Service "Communicate with your DPS using MQTT" page. What follows the third slash says nothing that is needed.</remarks>
/// <param name="IdScope">As sent.</param>
/// <param name="RegistrationId">As sent.</param>
public sealed record RegistrationUserName(string IdScope, string RegistrationId)
{
    private const string Word = "registrations";

    /// <summary>SDK and version, as the client names itself; null when it does not.</summary>
    public string? ClientVersion { get; init; }

    public static bool TryParse(string? text, [NotNullWhen(true)] out RegistrationUserName? name)
    {
        var parts = text?.Split('/', 4);
        name = parts is { Length: >= 3 } && parts[0].Length > 0 && parts[2].Length > 0 && parts[1].Equals(Word, StringComparison.OrdinalIgnoreCase)
            ? new RegistrationUserName(parts[0], parts[2]) { ClientVersion = UserName.Find(parts is [_, _, _, var parameters] ? parameters : "", "ClientVersion") }
            : null;
        return name is not null;
    }
}
