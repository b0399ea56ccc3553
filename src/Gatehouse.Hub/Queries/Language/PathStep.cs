using System.Text;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>One step into a document: a key or an index.</summary>
internal sealed record PathStep
{
    private PathStep(string? name, int index)
    {
        Name = name;
        Utf8 = name is null ? [] : Encoding.UTF8.GetBytes(name);
        Index = index;
    }

    /// <summary>Null for an index.</summary>
    internal string? Name { get; }

    internal byte[] Utf8 { get; }

    internal int Index { get; }

    internal static PathStep Key(string name) => new(name, 0);

    internal static PathStep At(int index) => new(null, index);

    public override string ToString() => Name ?? $"[{Index}]";
}
