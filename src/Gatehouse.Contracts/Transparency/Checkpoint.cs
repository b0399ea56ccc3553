using System.Globalization;

namespace Gatehouse.Contracts.Transparency;

/// <summary>How long a log is and what is in it, in three lines: C2SP tlog-checkpoint. Signed it is a <see cref="SignedNote"/>.</summary>
/// <param name="Origin">Name of the log.</param>
/// <param name="Size">Entries.</param>
/// <param name="Root">Root of the tree.</param>
public sealed record Checkpoint(string Origin, long Size, ReadOnlyMemory<byte> Root)
{
    /// <summary>What is signed.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root.Span)}\n");

    /// <summary>Null when the text is none. Lines after the third mean nothing here.</summary>
    public static Checkpoint? Parse(string text)
    {
        var lines = text.Split('\n');
        Span<byte> root = stackalloc byte[MerkleHash.Bytes];
        return lines.Length >= 4
            && lines[0].Length > 0
            && lines[^1].Length == 0
            && long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && size.ToString(CultureInfo.InvariantCulture) == lines[1]
            && Convert.TryFromBase64String(lines[2], root, out var count)
            && count == MerkleHash.Bytes
            ? new Checkpoint(lines[0], size, root.ToArray())
            : null;
    }

    public bool Equals(Checkpoint? other) => other is not null && Text == other.Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);
}
