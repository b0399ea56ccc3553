using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Gatehouse.Contracts.Credentials;

/// <summary>What a certificate, a key or a name is known by: a SHA-256, held without an array.</summary>
public readonly record struct CertificateMark
{
    private const int Bytes = 32;

    private readonly ulong first;
    private readonly ulong second;
    private readonly ulong third;
    private readonly ulong fourth;

    private CertificateMark(ReadOnlySpan<byte> hash)
    {
        first = BinaryPrimitives.ReadUInt64BigEndian(hash);
        second = BinaryPrimitives.ReadUInt64BigEndian(hash[8..]);
        third = BinaryPrimitives.ReadUInt64BigEndian(hash[16..]);
        fourth = BinaryPrimitives.ReadUInt64BigEndian(hash[24..]);
    }

    /// <summary>The first eight bytes: enough to find what may be meant, never to decide.</summary>
    public ulong Short => first;

    /// <summary>Hashes.</summary>
    public static CertificateMark Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Bytes];
        SHA256.HashData(content, hash);
        return new CertificateMark(hash);
    }

    /// <summary>64 hexadecimal digits, in any case.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out CertificateMark mark)
    {
        Span<byte> hash = stackalloc byte[Bytes];
        var isRead = text is { Length: 2 * Bytes } && Convert.FromHexString(text, hash, out _, out var written) == System.Buffers.OperationStatus.Done && written == Bytes;
        mark = isRead ? new CertificateMark(hash) : default;
        return isRead;
    }

    /// <summary>64 hexadecimal digits, in capitals.</summary>
    public override string ToString() => string.Create(2 * Bytes, this, static (text, mark) =>
    {
        Span<byte> hash = stackalloc byte[Bytes];
        BinaryPrimitives.WriteUInt64BigEndian(hash, mark.first);
        BinaryPrimitives.WriteUInt64BigEndian(hash[8..], mark.second);
        BinaryPrimitives.WriteUInt64BigEndian(hash[16..], mark.third);
        BinaryPrimitives.WriteUInt64BigEndian(hash[24..], mark.fourth);
        Convert.TryToHexString(hash, text, out _);
    });
}
