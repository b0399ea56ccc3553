using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Contracts.Credentials;

/// <summary>One entry of a CRL.</summary>
/// <param name="Serial">Which of the issuer's certificates.</param>
/// <param name="Reason">Why; null where a delta takes the entry away (removeFromCRL).</param>
/// <param name="Time">When, as its CA says; whole seconds.</param>
public readonly record struct RevokedSerial(CertificateSerial Serial, RevocationReason? Reason, DateTimeOffset Time);

/// <summary>What one issuer has revoked, by serial number: sorted, 28 bytes for each, found by halving. Immutable.</summary>
public sealed class RevokedSerials
{
    // 20 octets of number, one of reason, five of seconds since 1970.
    private const int RecordBytes = 26;
    private const int SecondsBits = 40;
    private const ulong SecondsMask = (1UL << SecondsBits) - 1;
    private const byte Removed = 8;

    private static readonly long LastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    private readonly CertificateSerial[] serials;
    private readonly ulong[] facts;

    private RevokedSerials(CertificateSerial[] serials, ulong[] facts) => (this.serials, this.facts) = (serials, facts);

    public static RevokedSerials None { get; } = new([], []);

    public int Count => serials.Length;

    /// <summary>In the order of the numbers.</summary>
    public IEnumerable<RevokedSerial> All
    {
        get
        {
            for (var i = 0; i < serials.Length; i++)
            {
                yield return At(i);
            }
        }
    }

    /// <param name="entries">In any order.</param>
    /// <param name="doubled">One that is there more than once; null when none is.</param>
    public static RevokedSerials Of(IReadOnlyList<RevokedSerial> entries, out CertificateSerial? doubled)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var serials = new CertificateSerial[entries.Count];
        var facts = new ulong[entries.Count];
        for (var i = 0; i < serials.Length; i++)
        {
            serials[i] = entries[i].Serial;
            var seconds = Math.Max(entries[i].Time.ToUnixTimeSeconds(), 0);
            facts[i] = ((ulong)(entries[i].Reason is { } reason ? (byte)reason : Removed) << SecondsBits) | (ulong)seconds;
        }

        Array.Sort(serials, facts);
        doubled = null;
        for (var i = 1; i < serials.Length && doubled is null; i++)
        {
            doubled = serials[i] == serials[i - 1] ? serials[i] : null;
        }

        return new RevokedSerials(serials, facts);
    }

    /// <summary>The entry of a number; null when there is none.</summary>
    public RevokedSerial? Find(CertificateSerial serial) => Array.BinarySearch(serials, serial) is >= 0 and var index ? At(index) : null;

    /// <summary>These with the changes of a delta: what it lists is added or replaced, what it takes away is gone.</summary>
    public RevokedSerials With(RevokedSerials delta)
    {
        ArgumentNullException.ThrowIfNull(delta);
        var merged = new List<RevokedSerial>(Count + delta.Count);
        merged.AddRange(All.Where(entry => delta.Find(entry.Serial) is null));
        merged.AddRange(delta.All.Where(entry => entry.Reason is not null));
        return Of(merged, out _);
    }

    /// <summary>Numbers that are here and not in another.</summary>
    public IEnumerable<CertificateSerial> Except(RevokedSerials other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return serials.Where(serial => other.Find(serial) is null);
    }

    /// <summary>For the store.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Count * RecordBytes];
        for (var i = 0; i < serials.Length; i++)
        {
            var record = bytes.AsSpan(i * RecordBytes, RecordBytes);
            serials[i].Write(record);
            for (var octet = 0; octet < RecordBytes - CertificateSerial.MaxBytes; octet++)
            {
                record[CertificateSerial.MaxBytes + octet] = (byte)(facts[i] >> (SecondsBits - (8 * octet)));
            }
        }

        return bytes;
    }

    /// <summary>What <see cref="ToBytes"/> made.</summary>
    /// <returns>False for anything else.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out RevokedSerials? read)
    {
        read = null;
        if (bytes.Length % RecordBytes != 0)
        {
            return false;
        }

        var serials = new CertificateSerial[bytes.Length / RecordBytes];
        var facts = new ulong[serials.Length];
        for (var i = 0; i < serials.Length; i++)
        {
            var record = bytes.Slice(i * RecordBytes, RecordBytes);
            serials[i] = CertificateSerial.Of(record);
            foreach (var octet in record[CertificateSerial.MaxBytes..])
            {
                facts[i] = (facts[i] << 8) | octet;
            }

            if (i > 0 && serials[i] <= serials[i - 1])
            {
                return false;
            }
        }

        read = new RevokedSerials(serials, facts);
        return true;
    }

    private RevokedSerial At(int index)
    {
        var reason = (byte)(facts[index] >> SecondsBits);
        return new RevokedSerial(serials[index], reason == Removed ? null : (RevocationReason)reason, DateTimeOffset.FromUnixTimeSeconds(Math.Min((long)(facts[index] & SecondsMask), LastSecond)));
    }
}
