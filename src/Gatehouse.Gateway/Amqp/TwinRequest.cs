using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>What a device wants of its twin.</summary>
internal enum TwinOperation
{
    /// <summary>Nothing that the service knows.</summary>
    Unknown,

    /// <summary>GET: both sections.</summary>
    Read,

    /// <summary>PATCH of <c>/properties/reported</c>.</summary>
    Report,

    /// <summary>PUT of <c>/notifications/twin/properties/desired</c>: desired changes from now on.</summary>
    Observe,

    /// <summary>DELETE of the same.</summary>
    Forget,
}

/// <summary>A request to a device's twin, in place. It is in the message annotations: <c>operation</c>, <c>resource</c>, <c>version</c>.</summary>
/// <remarks>Source: device-plane §2.8 of the wire reference.</remarks>
internal readonly ref struct TwinRequest
{
    // Texts of 40 characters with every SDK; kept until the answer is on the wire.
    private const int MaxCorrelationBytes = 256;

    private readonly BodyPlace body;

    private TwinRequest(BodyPlace body) => this.body = body;

    internal TwinOperation Operation { get; private init; }

    /// <summary>Encoded correlation-id, to come back with the type that it came with. Never empty: without one an answer would pass for a desired change.</summary>
    internal ReadOnlySpan<byte> CorrelationId { get; private init; }

    /// <summary>The version that the reported properties must have; null for any.</summary>
    internal long? Version { get; private init; }

    /// <summary>The body of one section stays where it is.</summary>
    internal ReadOnlyMemory<byte> BodyOf(ReadOnlyMemory<byte> message) => body.Sections == 1 ? message.Slice(body.Start, body.Length) : body.Copy(message.Span);

    /// <summary>False when it is no message, or nobody could be answered.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> message, out TwinRequest request)
    {
        request = default;
        ReadOnlySpan<byte> correlation = default;
        var head = default(Head);
        BodyPlace body = default;
        var sections = new MessageReader(message);
        while (sections.Read())
        {
            var isRead = sections.Section switch
            {
                Descriptors.Properties => TryReadCorrelation(sections.Value, out correlation),
                Descriptors.MessageAnnotations => TryReadHead(sections.Value, out head),
                _ => body.TryAdd(sections),
            };
            if (!isRead)
            {
                return false;
            }
        }

        request = new TwinRequest(body) { Operation = head.Operation, CorrelationId = correlation, Version = head.Version };
        return sections.Fault == AmqpFault.None && correlation.Length is > 0 and <= MaxCorrelationBytes;
    }

    private static bool TryReadCorrelation(ReadOnlySpan<byte> section, out ReadOnlySpan<byte> correlation)
    {
        var isRead = PropertiesReader.TryRead(section, out var properties, out _);
        correlation = isRead ? properties.CorrelationId.Raw : default;
        return isRead;
    }

    private static bool TryReadHead(ReadOnlySpan<byte> section, out Head head)
    {
        ReadOnlySpan<byte> operation = default;
        ReadOnlySpan<byte> resource = default;
        long? version = null;
        var pairs = new MapReader(section);
        while (pairs.Read())
        {
            var isRead = pairs.Key switch
            {
                _ when pairs.IsNull => true,
                _ when pairs.Key.SequenceEqual("operation"u8) => pairs.TryGetString(out operation),
                _ when pairs.Key.SequenceEqual("resource"u8) => pairs.TryGetString(out resource),
                _ when pairs.Key.SequenceEqual("version"u8) => TryReadVersion(pairs, out version),
                _ => true,
            };
            if (!isRead)
            {
                head = default;
                return false;
            }
        }

        head = new Head(OperationOf(operation, resource), version);
        return pairs.Fault == AmqpFault.None;
    }

    private static bool TryReadVersion(in MapReader pair, out long? version)
    {
        var isRead = pair.TryGetInteger(out var number);
        version = number;
        return isRead;
    }

    private static TwinOperation OperationOf(ReadOnlySpan<byte> operation, ReadOnlySpan<byte> resource) => operation switch
    {
        _ when operation.SequenceEqual("GET"u8) && resource.IsEmpty => TwinOperation.Read,
        _ when operation.SequenceEqual("PATCH"u8) && resource.SequenceEqual("/properties/reported"u8) => TwinOperation.Report,
        _ when operation.SequenceEqual("PUT"u8) && resource.SequenceEqual("/notifications/twin/properties/desired"u8) => TwinOperation.Observe,
        _ when operation.SequenceEqual("DELETE"u8) && resource.SequenceEqual("/notifications/twin/properties/desired"u8) => TwinOperation.Forget,
        _ => TwinOperation.Unknown,
    };

    private readonly record struct Head(TwinOperation Operation, long? Version);
}
