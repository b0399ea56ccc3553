using System.Buffers.Text;
using System.Text;

namespace Gatehouse.Wire.Mqtt;

/// <summary>What a client may publish below <c>$iothub</c>.</summary>
public enum ReservedTopicKind
{
    MethodAnswer,
    TwinGet,
    TwinReport,
    IssueCertificate,
}

/// <summary>
/// <c>$iothub/methods/res/{status}/?$rid={rid}</c>, <c>$iothub/twin/GET/?$rid={rid}</c>,
/// <c>$iothub/twin/PATCH/properties/reported/?$rid={rid}[&amp;$version={version}]</c>,
/// <c>$iothub/credentials/POST/issueCertificate/?$rid={rid}</c>. Literals in any case.
/// </summary>
/// <remarks>Source: IoT Hub "Communicate with your IoT hub using MQTT" page; the last of the C# client's preview. Unconfirmed: a version that is no number is ignored.</remarks>
public readonly ref struct ReservedTopic
{
    /// <summary>Longest request id, bytes.</summary>
    public const int MaxRequestIdBytes = 128;

    private ReservedTopic(ReservedTopicKind kind, int status, ReadOnlySpan<byte> requestId, long? version)
    {
        Kind = kind;
        Status = status;
        RequestId = requestId;
        Version = version;
    }

    public ReservedTopicKind Kind { get; }

    /// <summary>Of a method's answer; any number.</summary>
    public int Status { get; }

    /// <summary>The client's own, to be repeated as it is. Empty only where a certificate is asked for without one.</summary>
    public ReadOnlySpan<byte> RequestId { get; }

    /// <summary>That the reported properties must have; null for any.</summary>
    public long? Version { get; }

    /// <summary>Whether a topic is of this family at all.</summary>
    public static bool IsReserved(ReadOnlySpan<byte> topic) => StartsWith(topic, "$iothub/"u8);

    public static bool TryRead(ReadOnlySpan<byte> topic, out ReservedTopic result)
    {
        result = default;
        var issue = "$iothub/credentials/POST/issueCertificate"u8;
        if (StartsWith(topic, issue) && topic[issue.Length..] is var rest && (rest.IsEmpty || rest.SequenceEqual("/"u8) || rest.StartsWith("/?"u8)))
        {
            // Without an id the service answers nothing, and goes on.
            result = new ReservedTopic(ReservedTopicKind.IssueCertificate, 0, rest.Length > 2 && TryReadQuery(rest[2..], out var id, out _) ? id : default, null);
            return true;
        }

        var query = topic.IndexOf("/?"u8);
        if (query < 0 || !TryReadQuery(topic[(query + 2)..], out var requestId, out var version))
        {
            return false;
        }

        var path = topic[..query];
        var methods = "$iothub/methods/res/"u8;
        if (StartsWith(path, methods))
        {
            var text = path[methods.Length..];
            if (!Utf8Parser.TryParse(text, out int status, out var used) || used != text.Length)
            {
                return false;
            }

            result = new ReservedTopic(ReservedTopicKind.MethodAnswer, status, requestId, null);
            return true;
        }

        var isGet = Ascii.EqualsIgnoreCase(path, "$iothub/twin/GET"u8);
        result = new ReservedTopic(isGet ? ReservedTopicKind.TwinGet : ReservedTopicKind.TwinReport, 0, requestId, version);
        return isGet || Ascii.EqualsIgnoreCase(path, "$iothub/twin/PATCH/properties/reported"u8);
    }

    private static bool TryReadQuery(ReadOnlySpan<byte> query, out ReadOnlySpan<byte> requestId, out long? version)
    {
        requestId = default;
        version = null;
        while (!query.IsEmpty)
        {
            var end = query.IndexOf((byte)'&');
            var pair = end < 0 ? query : query[..end];
            query = end < 0 ? default : query[(end + 1)..];
            if (StartsWith(pair, "$rid="u8))
            {
                requestId = pair[5..];
            }
            else if (StartsWith(pair, "$version="u8) && Utf8Parser.TryParse(pair[9..], out long number, out var used) && used == pair.Length - 9)
            {
                version = number;
            }
        }

        // The id goes back in a topic, where wildcards are not allowed. Source: MQTT 3.1.1 §3.3.2.1.
        return requestId.Length is > 0 and <= MaxRequestIdBytes && requestId.IndexOfAny((byte)'#', (byte)'+') < 0;
    }

    private static bool StartsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> prefix) => text.Length >= prefix.Length && Ascii.EqualsIgnoreCase(text[..prefix.Length], prefix);
}
