using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Audit;

namespace Gatehouse.Store.Audit;

/// <summary>A record as it stands in the chain.</summary>
/// <param name="Sequence">1, 2, … without gaps.</param>
/// <param name="Time">UTC, microseconds.</param>
/// <param name="Fields">What was recorded.</param>
/// <param name="Hash">SHA-256 over the previous record's hash and this record.</param>
public sealed record AuditEntry(long Sequence, DateTimeOffset Time, AuditRecord Fields, ReadOnlyMemory<byte> Hash)
{
    internal const int HashBytes = 32;

    /// <summary>Previous hash of the first record.</summary>
    internal static byte[] Origin { get; } = new byte[HashBytes];

    /// <summary>
    /// The hash of a record: SHA-256 of <c>previous hash | sequence (8, big endian) | time in µs (8) | hub | actor | action | subject | detail</c>,
    /// each text as its UTF-8 length (4, big endian; −1 for null) and bytes, so that no two records have the same encoding.
    /// </summary>
    internal static byte[] ComputeHash(ReadOnlySpan<byte> previous, long sequence, long micros, AuditRecord fields)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> numbers = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(numbers, sequence);
        BinaryPrimitives.WriteInt64BigEndian(numbers[8..], micros);
        hash.AppendData(previous);
        hash.AppendData(numbers);
        Append(hash, fields.Hub);
        Append(hash, fields.Actor);
        Append(hash, fields.Action);
        Append(hash, fields.Subject);
        Append(hash, fields.Detail);
        return hash.GetHashAndReset();
    }

    internal static long ToMicros(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    internal static DateTimeOffset FromMicros(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    private static void Append(IncrementalHash hash, string? text)
    {
        Span<byte> length = stackalloc byte[4];
        var bytes = text is null ? [] : Encoding.UTF8.GetBytes(text);
        BinaryPrimitives.WriteInt32BigEndian(length, text is null ? -1 : bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
