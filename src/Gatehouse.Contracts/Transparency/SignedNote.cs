using System.Text;

namespace Gatehouse.Contracts.Transparency;

/// <summary>Text with signatures below it: C2SP signed-note.</summary>
/// <param name="Text">With its last line end.</param>
/// <param name="Signatures">In their order.</param>
public sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    /// <summary>A longer one is none of ours.</summary>
    public const int MaxCharacters = 16 * 1024;

    private const string Dash = "\u2014 ";
    private const int IdBytes = 4;

    /// <summary>Null when it is no signed note.</summary>
    public static SignedNote? Parse(string note)
    {
        var end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (note.Length > MaxCharacters || end < 0 || end + 2 == note.Length || note[^1] != '\n' || note.Any(static letter => letter < ' ' && letter != '\n'))
        {
            return null;
        }

        var signatures = new List<NoteSignature>();
        foreach (var line in note[(end + 2)..^1].Split('\n'))
        {
            var parts = line.StartsWith(Dash, StringComparison.Ordinal) ? line[Dash.Length..].Split(' ') : [];
            var bytes = new byte[line.Length];
            if (parts.Length != 2 || parts[0].Length == 0 || !Convert.TryFromBase64String(parts[1], bytes, out var count) || count <= IdBytes)
            {
                return null;
            }

            signatures.Add(new NoteSignature(parts[0], Convert.ToHexStringLower(bytes.AsSpan(0, IdBytes)), bytes.AsMemory(IdBytes, count - IdBytes)));
        }

        return new SignedNote(note[..(end + 1)], signatures);
    }

    /// <summary>Whether this key signed it.</summary>
    public bool IsSignedBy(NoteKey key)
    {
        var text = Encoding.UTF8.GetBytes(Text);
        return Signatures.Any(each => each.Name == key.Name && each.KeyId == key.Id && key.Verifies(text, each.Bytes.Span));
    }

    public override string ToString() => $"{Text}\n{string.Concat(Signatures.Select(each => $"{Dash}{each.Name} {Convert.ToBase64String([.. Convert.FromHexString(each.KeyId), .. each.Bytes.Span])}\n"))}";
}

/// <summary>A line below a note.</summary>
/// <param name="Name">Of the key.</param>
/// <param name="KeyId">Of the key; four bytes, hexadecimal.</param>
/// <param name="Bytes">The signature.</param>
public sealed record NoteSignature(string Name, string KeyId, ReadOnlyMemory<byte> Bytes);
