using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Requests;

/// <summary>The answer of a node.</summary>
/// <param name="Status">As HTTP's: 200, 401, 404 …</param>
/// <param name="Description">One line; never null, clients index it.</param>
/// <remarks>Source: device-plane §2.3, service-plane §7.4 of the wire reference: both application properties are always there.</remarks>
public sealed record NodeReply(int Status, string Description)
{
    /// <summary>Body as an amqp-value; null is the null value.</summary>
    public object? Body { get; init; }

    /// <summary>Condition for clients that map errors by it; null for success.</summary>
    public string? Condition { get; init; }

    internal void Write(AmqpBuffer buffer, ReadOnlySpan<byte> correlationId)
    {
        var writer = new AmqpWriter(buffer);
        writer.Descriptor(Descriptors.Properties);
        var list = writer.BeginList();
        for (var i = 0; i < 5; i++)
        {
            writer.Null();
        }

        if (correlationId.IsEmpty)
        {
            writer.Null();
        }
        else
        {
            writer.Raw(correlationId);
        }

        writer.EndList(list, 6);
        writer.Descriptor(Descriptors.ApplicationProperties);
        var map = writer.BeginMap();
        writer.String("status-code");
        writer.Int(Status);
        writer.String("status-description");
        writer.String(Description);
        if (Condition is { } condition)
        {
            writer.String("error-condition");
            writer.Symbol(condition);
        }

        writer.EndMap(map, Condition is null ? 4 : 6);
        writer.Descriptor(Descriptors.AmqpValue);
        writer.Object(Body);
    }
}
