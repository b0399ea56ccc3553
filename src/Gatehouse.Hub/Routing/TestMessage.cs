using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Hub.Routing;

/// <summary>A message that nobody sent, to try routes on.</summary>
public sealed record TestMessage
{
    public string Body { get; init; } = "";

    public IReadOnlyDictionary<string, string> AppProperties { get; init; } = new Dictionary<string, string>();

    /// <summary>By the names of the routing query language, with or without <c>$</c>: <c>contentType</c>, <c>connectionDeviceId</c>, ….</summary>
    public IReadOnlyDictionary<string, string> SystemProperties { get; init; } = new Dictionary<string, string>();

    /// <summary>The sender's twin as the service shows it.</summary>
    public JsonElement? Twin { get; init; }

    /// <summary>As an event record; null when it is larger than a message can be.</summary>
    internal byte[]? ToRecord(int maxBytes)
    {
        var body = Encoding.UTF8.GetBytes(Body);
        if (body.Length > maxBytes)
        {
            return null;
        }

        var head = new byte[64 + AppProperties.Concat(SystemProperties).Sum(each => 12 + Encoding.UTF8.GetByteCount(each.Key) + Encoding.UTF8.GetByteCount(each.Value ?? ""))];
        var writer = new EventWriter(head);
        foreach (var (name, value) in SystemProperties)
        {
            if (FieldOf(name.TrimStart('$')) is { } field)
            {
                writer.TryAdd(field, Encoding.UTF8.GetBytes(value ?? ""));
            }
        }

        foreach (var (name, value) in AppProperties)
        {
            writer.TryAddApplication(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value ?? ""));
        }

        return [.. writer.Complete(), .. body];
    }

    private static EventField? FieldOf(string name) => name.ToLowerInvariant() switch
    {
        "messageid" => EventField.MessageId,
        "correlationid" => EventField.CorrelationId,
        "userid" => EventField.UserId,
        "to" => EventField.To,
        "contenttype" => EventField.ContentType,
        "contentencoding" => EventField.ContentEncoding,
        "connectiondeviceid" or "iothub-connection-device-id" => EventField.ConnectionDeviceId,
        "connectionmoduleid" or "iothub-connection-module-id" => EventField.ConnectionModuleId,
        "connectionauthmethod" or "iothub-connection-auth-method" => EventField.ConnectionAuthMethod,
        "connectiondevicegenerationid" or "iothub-connection-auth-generation-id" => EventField.ConnectionAuthGenerationId,
        "iothub-message-source" => EventField.MessageSource,
        "iothub-message-schema" => EventField.MessageSchema,
        "iothub-interface-id" => EventField.InterfaceId,
        "dt-dataschema" => EventField.ModelId,
        "dt-subject" => EventField.Subject,
        _ => null,
    };
}
