using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Contracts.Identities;

/// <summary>Name of a hub on this server; the tenant key of every stored row.</summary>
/// <remarks>3–50 characters, lower-case letters, digits and inner hyphens. Source: Azure resource naming rules, Microsoft.Devices/IotHubs (lower-cased here).</remarks>
public readonly record struct HubName
{
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    private HubName(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out HubName name)
    {
        var valid = text is { Length: >= 3 and <= 50 } && text[0] != '-' && text[^1] != '-' && !text.AsSpan().ContainsAnyExcept(Allowed);
        name = valid ? new HubName(text!) : default;
        return valid;
    }

    /// <exception cref="FormatException">The text is outside the alphabet or length.</exception>
    public static HubName Parse(string text) => TryParse(text, out var name) ? name : throw new FormatException($"'{text}' is not a hub name.");

    public override string ToString() => Value;
}
