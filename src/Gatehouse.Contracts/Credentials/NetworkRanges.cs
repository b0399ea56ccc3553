using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Contracts.Credentials;

/// <summary>Networks that somebody may come from, as ranges of addresses. Immutable; what it answers costs no memory.</summary>
/// <remarks>An IPv4 address within IPv6 (<c>::ffff:192.0.2.1</c>, as sockets for both show it) is the IPv4 address; no range of IPv6 holds it, not even <c>::/0</c>.</remarks>
public sealed class NetworkRanges
{
    /// <summary>Ranges in one list at most. Source: own.</summary>
    public const int MaxRanges = 64;

    private const int Bits = 128;
    private const int MappedBits = 96;
    private const int AddressBytes = 16;

    // ::ffff:0:0/96, where addresses of IPv4 are kept among those of IPv6.
    private static readonly UInt128 Mapped = (UInt128)0xffff << 32;

    private readonly Range[] ranges;

    private NetworkRanges(Range[] ranges) => this.ranges = ranges;

    /// <summary>In the order given; one address is a range as well, with a prefix of 32 or 128 bits.</summary>
    public IReadOnlyList<string> Texts => [.. ranges.Select(static range => range.ToString())];

    /// <summary>Reads ranges as people write them: <c>192.0.2.0/24</c>, <c>2001:db8::/32</c>, or one address.</summary>
    /// <param name="texts">1 to <see cref="MaxRanges"/>; doubled ones count once.</param>
    /// <param name="fault">What is wrong, in one sentence; empty when nothing is.</param>
    /// <returns>Null when something is wrong.</returns>
    public static NetworkRanges? Parse(IReadOnlyList<string?> texts, out string fault)
    {
        ArgumentNullException.ThrowIfNull(texts);
        fault = texts.Count is 0 or > MaxRanges ? string.Create(CultureInfo.InvariantCulture, $"1 to {MaxRanges} ranges are possible, and {texts.Count} are given.") : "";
        var read = new List<Range>(texts.Count);
        for (var i = 0; i < texts.Count && fault.Length == 0; i++)
        {
            fault = Read(texts[i] ?? "", out var range);
            if (fault.Length == 0 && !read.Contains(range))
            {
                read.Add(range);
            }
        }

        return fault.Length == 0 ? new NetworkRanges([.. read]) : null;
    }

    /// <summary>Reads what <see cref="ToString"/> wrote. What cannot be read, of a newer release, lets nobody in.</summary>
    public static NetworkRanges FromStored(string stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        var read = new List<Range>();
        foreach (var text in stored.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Read(text, out var range).Length == 0)
            {
                read.Add(range);
            }
        }

        return new NetworkRanges([.. read]);
    }

    /// <summary>Whether an address lies in one of the ranges. A scope (<c>%eth0</c>) is not looked at.</summary>
    public bool Contains(IPAddress address)
    {
        var value = ValueOf(address);
        foreach (ref readonly var range in ranges.AsSpan())
        {
            if (range.First <= value && value <= range.Last && IsMapped(range.First) == IsMapped(value))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>An address as people read it beside ranges: one of IPv4 as such, also where a socket for both shows it within IPv6.</summary>
    public static string Describe(IPAddress? address) => address is null ? "an unknown address" : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();

    /// <summary>The ranges with one space between: what is stored, and what people read.</summary>
    public override string ToString() => string.Join(' ', Texts);

    private static UInt128 ValueOf(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> octets = stackalloc byte[AddressBytes];
        return address.TryWriteBytes(octets, out var written) && written == AddressBytes
            ? BinaryPrimitives.ReadUInt128BigEndian(octets)
            : Mapped | BinaryPrimitives.ReadUInt32BigEndian(octets);
    }

    private static bool IsMapped(UInt128 value) => value >> 32 == 0xffff;

    private static string Read(string text, out Range range)
    {
        range = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var name = slash < 0 ? text : text[..slash];

        // The platform also reads 10.1, 0x0a.0.0.1 and 010.0.0.1, each as something that few expect.
        if (!IPAddress.TryParse(name, out var address)
            || (address.AddressFamily == AddressFamily.InterNetwork ? address.ToString() != name : name.AsSpan().ContainsAny('%', '[')))
        {
            return $"'{Shown(text)}' is no range of addresses: write 192.0.2.0/24, 2001:db8::/32, or one address.";
        }

        var width = address.AddressFamily == AddressFamily.InterNetwork ? Bits - MappedBits : Bits;
        var prefix = width;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > width))
        {
            return string.Create(CultureInfo.InvariantCulture, $"'{Shown(text)}' is no range of addresses: its prefix must be 0 to {width}.");
        }

        var first = ValueOf(address);
        var rest = Bits - width + prefix == 0 ? UInt128.MaxValue : (UInt128.One << (width - prefix)) - 1;
        range = new Range(first & ~rest, first | rest);
        return (first & rest) == 0 ? "" : $"'{text}' names an address inside a range, and not its begin: do you mean {range}?";
    }

    private static string Shown(string text) => text.Length > 64 ? text[..64] + "…" : text;

    private readonly record struct Range(UInt128 First, UInt128 Last)
    {
        public override string ToString()
        {
            Span<byte> octets = stackalloc byte[AddressBytes];
            BinaryPrimitives.WriteUInt128BigEndian(octets, First);
            var fixedBits = Bits - (int)UInt128.PopCount(Last - First);
            return IsMapped(First) && fixedBits >= MappedBits
                ? string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(octets[(MappedBits / 8)..])}/{fixedBits - MappedBits}")
                : string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(octets)}/{fixedBits}");
        }
    }
}
