using System.Buffers.Binary;

namespace Gatehouse.Transport.Tls;

/// <summary>Tells from the server's own first flight whether it resumes a session; .NET does not say.</summary>
/// <remarks>TLS 1.3: ServerHello carries pre_shared_key (RFC 8446 §4.2.11). TLS 1.2: no Certificate follows the ServerHello (RFC 5246 §7.3).</remarks>
internal static class ServerFlight
{
    public enum Kind
    {
        Unclear,
        Full,
        Resumed,
    }

    private const byte HandshakeRecord = 22;
    private const byte ServerHello = 2;
    private const byte Certificate = 11;
    private const ushort PreSharedKey = 41;
    private const ushort SupportedVersions = 43;

    /// <summary>First bytes of the random of a HelloRetryRequest (RFC 8446 §4.1.3).</summary>
    private static ReadOnlySpan<byte> RetryRandom => [0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11];

    /// <summary>Unclear: not a ServerHello yet (an alert, or a HelloRetryRequest); ask again with the next write.</summary>
    public static Kind Read(ReadOnlySpan<byte> flight)
    {
        const int RecordHeader = 5;
        const int MessageHeader = 4;
        const int VersionAndRandom = 34;
        if (flight.Length < RecordHeader + MessageHeader + VersionAndRandom + 1 || flight[0] != HandshakeRecord || flight[RecordHeader] != ServerHello)
        {
            return Kind.Unclear;
        }

        var messageLength = (flight[6] << 16) | (flight[7] << 8) | flight[8];
        var recordEnd = Math.Min(flight.Length, RecordHeader + BinaryPrimitives.ReadUInt16BigEndian(flight[3..]));
        var messageEnd = RecordHeader + MessageHeader + messageLength;
        if (messageEnd > recordEnd || flight.Slice(11, RetryRandom.Length).SequenceEqual(RetryRandom))
        {
            return Kind.Unclear;
        }

        var body = flight[(RecordHeader + MessageHeader)..messageEnd];
        var (isTls13, hasKey) = Extensions(body[VersionAndRandom..]);
        if (isTls13)
        {
            return hasKey ? Kind.Resumed : Kind.Full;
        }

        // The Certificate stands in the same record or in the next.
        var next = messageEnd < recordEnd ? messageEnd : recordEnd + RecordHeader;
        var isHandshake = messageEnd < recordEnd || (recordEnd < flight.Length && flight[recordEnd] == HandshakeRecord);
        return isHandshake && next < flight.Length && flight[next] == Certificate ? Kind.Full : Kind.Resumed;
    }

    private static (bool IsTls13, bool HasKey) Extensions(ReadOnlySpan<byte> afterRandom)
    {
        const int SuiteCompressionAndLength = 5;
        var at = 1 + afterRandom[0] + SuiteCompressionAndLength;
        var (isTls13, hasKey) = (false, false);
        while (at + 4 <= afterRandom.Length)
        {
            var type = BinaryPrimitives.ReadUInt16BigEndian(afterRandom[at..]);
            isTls13 |= type == SupportedVersions;
            hasKey |= type == PreSharedKey;
            at += 4 + BinaryPrimitives.ReadUInt16BigEndian(afterRandom[(at + 2)..]);
        }

        return (isTls13, hasKey);
    }
}
