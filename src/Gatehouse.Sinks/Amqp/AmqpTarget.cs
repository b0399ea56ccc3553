namespace Gatehouse.Sinks.Amqp;

/// <summary>Where an AMQP 1.0 endpoint is: an event hub, a queue or a topic of any broker that takes SASL PLAIN.</summary>
/// <remarks>Event Hubs and Service Bus take the name and the key of a policy as user and password. Source: AMQP 1.0 protocol guide of Service Bus.</remarks>
public sealed record AmqpTarget
{
    private const int TlsPort = 5671;
    private const int PlainPort = 5672;

    private AmqpTarget()
    {
    }

    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Without TLS: for emulators and brokers on the same machine.</summary>
    public required bool IsPlain { get; init; }

    public required string User { get; init; }

    public required string Password { get; init; }

    /// <summary>Address of the sender's target, as the broker knows it.</summary>
    public required string EntityPath { get; init; }

    public override string ToString() => $"amqp{(IsPlain ? "" : "s")}://{Host}:{Port}/{EntityPath} ***";

    /// <summary><c>Endpoint=sb://host[:port]/;SharedAccessKeyName=…;SharedAccessKey=…;EntityPath=…</c>; <c>amqps://</c> and <c>amqp://</c> count too, and <c>UseDevelopmentEmulator=true</c>.</summary>
    /// <param name="connectionString">Text.</param>
    /// <param name="fault">What is wrong, in words; empty when nothing is.</param>
    public static AmqpTarget? Parse(string? connectionString, out string fault)
    {
        var parts = ConnectionText.Parse(connectionString);
        if (parts is null)
        {
            fault = $"The connection string must have the form Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…;EntityPath=…, its key in clear, and at most {ConnectionText.MaxLength} characters.";
            return null;
        }

        if (!parts.TryGetValue("Endpoint", out var endpoint) || !Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Host.Length == 0
            || uri.Scheme is not ("sb" or "amqp" or "amqps") || uri.UserInfo.Length > 0)
        {
            fault = "The connection string must hold Endpoint=sb://host/ (amqps:// and amqp:// count too).";
            return null;
        }

        foreach (var key in (ReadOnlySpan<string>)["SharedAccessKeyName", "SharedAccessKey", "EntityPath"])
        {
            if (!parts.TryGetValue(key, out var value) || value.Length == 0)
            {
                fault = $"The connection string must hold {key}.";
                return null;
            }
        }

        var isPlain = uri.Scheme == "amqp" || (parts.TryGetValue("UseDevelopmentEmulator", out var emulator) && emulator.Equals("true", StringComparison.OrdinalIgnoreCase));
        fault = "";
        return new AmqpTarget
        {
            Host = uri.IdnHost,
            Port = uri.IsDefaultPort || uri.Port <= 0 ? (isPlain ? PlainPort : TlsPort) : uri.Port,
            IsPlain = isPlain,
            User = parts["SharedAccessKeyName"],
            Password = parts["SharedAccessKey"],
            EntityPath = parts["EntityPath"],
        };
    }

    public static string Masked(string connectionString) => ConnectionText.Masked(connectionString, "SharedAccessKey");
}
