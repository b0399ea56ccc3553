using System.Globalization;

namespace Gatehouse.Contracts.Transparency;

/// <summary>Names a tile of hashes or a bundle of entries, as C2SP tlog-tiles has it: <c>tile/L/N[.p/W]</c>, <c>tile/entries/N[.p/W]</c>.</summary>
/// <param name="Level">0 for hashes of entries; <see cref="Entries"/> for the entries themselves.</param>
/// <param name="Index">From 0, at its level.</param>
/// <param name="Width">1–255 of a partial one, <see cref="Full"/> of a full one.</param>
public readonly record struct TilePath(int Level, long Index, int Width)
{
    /// <summary>Hashes of a full tile, entries of a full bundle.</summary>
    public const int Full = 256;

    /// <summary>Binary levels of a tile.</summary>
    public const int Height = 8;

    /// <summary>Level of entry bundles.</summary>
    public const int Entries = -1;

    /// <summary>A tree of 2⁶³ entries has no more.</summary>
    private const int MaxLevel = 7;

    private const string PartialMark = ".p";

    public bool IsPartial => Width != Full;

    /// <summary>Segments below the log's prefix.</summary>
    public IReadOnlyList<string> Segments
    {
        get
        {
            var parts = new List<string> { (Index % 1000).ToString("D3", CultureInfo.InvariantCulture) };
            for (var rest = Index / 1000; rest > 0; rest /= 1000)
            {
                parts.Insert(0, "x" + (rest % 1000).ToString("D3", CultureInfo.InvariantCulture));
            }

            if (IsPartial)
            {
                parts[^1] += PartialMark;
                parts.Add(Width.ToString(CultureInfo.InvariantCulture));
            }

            return ["tile", Level == Entries ? "entries" : Level.ToString(CultureInfo.InvariantCulture), .. parts];
        }
    }

    /// <param name="level">Segment after <c>tile</c>.</param>
    /// <param name="rest">Segments after that one.</param>
    /// <param name="path">What they name.</param>
    public static bool TryParse(string level, IReadOnlyList<string> rest, out TilePath path)
    {
        path = default;
        var number = Entries;
        if (rest.Count == 0 || (level != "entries" && !(TryNumber(level, 1, out number) && number <= MaxLevel)))
        {
            return false;
        }

        var (width, names) = (Full, rest);
        if (rest.Count > 1 && rest[^2].EndsWith(PartialMark, StringComparison.Ordinal))
        {
            if (!TryNumber(rest[^1], 3, out width) || width is 0 or >= Full || (width.ToString(CultureInfo.InvariantCulture) != rest[^1]))
            {
                return false;
            }

            names = [.. rest.Take(rest.Count - 2), rest[^2][..^PartialMark.Length]];
        }

        var index = 0L;
        for (var i = 0; i < names.Count; i++)
        {
            var isLast = i == names.Count - 1;
            var digits = isLast ? names[i] : names[i].StartsWith('x') ? names[i][1..] : "";
            if (digits.Length != 3 || !TryNumber(digits, 3, out var part) || (i == 0 && !isLast && part == 0))
            {
                return false;
            }

            index = (index * 1000) + part;
        }

        path = new TilePath(number, index, width);
        return names.Count <= 5;
    }

    public override string ToString() => string.Join('/', Segments);

    private static bool TryNumber(string text, int most, out int number)
    {
        number = 0;
        return text.Length <= most && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
