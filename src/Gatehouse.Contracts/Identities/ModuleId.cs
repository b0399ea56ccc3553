using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Contracts.Identities;

/// <summary>Name of a module of one device.</summary>
/// <remarks>1–128 characters of the documented alphabet; compared ordinal and case-sensitive. Source: IoT Hub "Understand the identity registry" page.</remarks>
public readonly record struct ModuleId
{
    private ModuleId(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out ModuleId id)
    {
        var valid = IdCharacters.AreValid(text);
        id = valid ? new ModuleId(text!) : default;
        return valid;
    }

    /// <summary>For literals and stored rows that were checked when they were written.</summary>
    /// <exception cref="FormatException">The text is outside the alphabet or length.</exception>
    public static ModuleId Parse(string text) => TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a module id.");

    public override string ToString() => Value;
}
