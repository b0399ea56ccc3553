using System.Buffers.Text;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>A device's answer to a direct method, in place.</summary>
/// <remarks>The correlation-id as the request had it, or as text: Node writes other uuids than those of versions 1–5 so. Source: device-plane §2.7 of the wire reference.</remarks>
internal readonly ref struct MethodAnswerMessage
{
    private readonly ReadOnlySpan<byte> message;
    private readonly BodyPlace body;

    private MethodAnswerMessage(ReadOnlySpan<byte> message, BodyPlace body, Guid id, int status)
    {
        this.message = message;
        this.body = body;
        (Id, Status) = (id, status);
    }

    internal Guid Id { get; }

    internal int Status { get; }

    internal byte[] CopyPayload() => body.Copy(message);

    /// <summary>False when it is no message, or names no request or no status.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> message, out MethodAnswerMessage answer)
    {
        answer = default;
        Guid? id = null;
        int? status = null;
        BodyPlace body = default;
        var sections = new MessageReader(message);
        while (sections.Read())
        {
            var isRead = sections.Section switch
            {
                Descriptors.Properties => TryReadId(sections.Value, out id),
                Descriptors.ApplicationProperties => TryReadStatus(sections.Value, out status),
                _ => body.TryAdd(sections),
            };
            if (!isRead)
            {
                return false;
            }
        }

        answer = new MethodAnswerMessage(message, body, id.GetValueOrDefault(), status.GetValueOrDefault());
        return sections.Fault == AmqpFault.None && id is not null && status is not null;
    }

    private static bool TryReadId(ReadOnlySpan<byte> section, out Guid? id)
    {
        id = null;
        if (!PropertiesReader.TryRead(section, out var properties, out _))
        {
            return false;
        }

        Span<byte> text = stackalloc byte[64];
        var correlation = properties.CorrelationId;
        if (correlation.Kind == MessageIdKind.Binary && correlation.Raw.Length == 18)
        {
            id = new Guid(correlation.Raw[2..], bigEndian: true);
        }
        else if (correlation.MaxTextBytes <= text.Length && Utf8Parser.TryParse(text[..correlation.FormatTo(text)], out Guid parsed, out var used) && used == 36)
        {
            id = parsed;
        }

        return true;
    }

    private static bool TryReadStatus(ReadOnlySpan<byte> section, out int? status)
    {
        status = null;
        var pairs = new MapReader(section);
        while (pairs.Read())
        {
            if (pairs.Key.SequenceEqual("IoThub-status"u8)
                && (pairs.TryGetInt(out var number) || (pairs.TryGetString(out var text) && Utf8Parser.TryParse(text, out number, out var used) && used == text.Length)))
            {
                status = number;
            }
        }

        return pairs.Fault == AmqpFault.None;
    }
}
