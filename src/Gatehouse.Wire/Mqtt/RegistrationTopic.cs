using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Mqtt;

/// <summary>What a device asks of its provisioning service.</summary>
public enum RegistrationVerb
{
    /// <summary><c>PUT/iotdps-register</c></summary>
    Register,

    /// <summary><c>GET/iotdps-get-operationstatus</c></summary>
    GetOperationStatus,

    /// <summary><c>POST/iotdps-get-registration</c>; unconfirmed, the device API has the operation.</summary>
    GetRegistration,
}

/// <summary>Topics of a registration.</summary>
/// <remarks>
/// Source: Device Provisioning Service "Communicate with your DPS using MQTT" page. Request: <c>$dps/registrations/{method}/{operation}/?$rid={rid}[&amp;operationId={id}]</c>.
/// Reply: <c>$dps/registrations/res/{status}/?$rid={rid}[&amp;retry-after={seconds}]</c>; clients split it at <c>$</c>, so there are exactly two.
/// </remarks>
/// <param name="Verb">What is asked.</param>
/// <param name="RequestId">To be repeated in the reply; empty when the device named none.</param>
/// <param name="OperationId">Of a poll; empty otherwise.</param>
public sealed record RegistrationTopic(RegistrationVerb Verb, string RequestId, string OperationId)
{
    public const string ReplyFilter = "$dps/registrations/res/#";

    private const int MaxLength = 512;
    private const string Root = "$dps/registrations/";

    private static readonly SearchValues<char> Structural = SearchValues.Create("$/+#&?");

    public static bool TryParse(string topic, [NotNullWhen(true)] out RegistrationTopic? parsed)
    {
        parsed = null;
        var question = topic.IndexOf('?', StringComparison.Ordinal);
        if (topic.Length > MaxLength || question < 0 || !topic.StartsWith(Root, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        RegistrationVerb? verb = topic[Root.Length..question].TrimEnd('/').ToUpperInvariant() switch
        {
            "PUT/IOTDPS-REGISTER" => RegistrationVerb.Register,
            "GET/IOTDPS-GET-OPERATIONSTATUS" => RegistrationVerb.GetOperationStatus,
            "POST/IOTDPS-GET-REGISTRATION" => RegistrationVerb.GetRegistration,
            _ => null,
        };
        var (request, operation) = ("", "");
        foreach (var parameter in topic[(question + 1)..].Split('&'))
        {
            var equals = parameter.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (parameter, "") : (parameter[..equals], parameter[(equals + 1)..]);
            request = name == "$rid" ? value : request;
            operation = name.Equals("operationId", StringComparison.OrdinalIgnoreCase) ? value : operation;
        }

        // What comes back in a topic must not make another one of it.
        parsed = verb is { } known && !request.AsSpan().ContainsAny(Structural) ? new RegistrationTopic(known, request, operation) : null;
        return parsed is not null;
    }

    /// <param name="status">HTTP status.</param>
    /// <param name="retryAfterSeconds">Null for none.</param>
    public string Reply(int status, int? retryAfterSeconds) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Root}res/{status}/?$rid={RequestId}{(retryAfterSeconds is { } seconds ? $"&retry-after={seconds}" : "")}");
}
