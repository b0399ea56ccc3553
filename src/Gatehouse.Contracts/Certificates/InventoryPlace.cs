using System.Globalization;

namespace Gatehouse.Contracts.Certificates;

/// <summary>Which certificates are asked for.</summary>
/// <param name="Kind">A word of <see cref="CertificateKinds"/>; null for all.</param>
/// <param name="Issuer">Its issuer's name, as it is shown; null for all.</param>
/// <param name="EndsBefore">Ticks of UTC; null for all.</param>
public sealed record InventoryFilter(string? Kind = null, string? Issuer = null, long? EndsBefore = null);

/// <summary>A place in the order of the inventory: by end, SHA-256, kind and owner.</summary>
public sealed record InventoryPlace(long End, string Thumbprint, string Kind, string Owner, string Module)
{
    private const int Parts = 4;

    public static InventoryPlace Start { get; } = new(0, "", "", "", "");

    /// <summary>Null for a text that <see cref="ToString"/> has not given; the start for none.</summary>
    public static InventoryPlace? Read(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return Start;
        }

        // Owners may hold colons, and neither they nor modules a slash.
        var parts = text.Split(':', Parts);
        if (parts.Length != Parts || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var end) || !CertificateKinds.All.Contains(parts[2]) || text.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        var slash = parts[3].IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? null : new InventoryPlace(end, parts[1], parts[2], parts[3][..slash], parts[3][(slash + 1)..]);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{End}:{Thumbprint}:{Kind}:{Owner}/{Module}");
}
