using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Contracts.Identities;

/// <summary>Name of a device in one hub.</summary>
/// <remarks>1–128 characters of the documented alphabet; compared ordinal and case-sensitive. Source: IoT Hub "Understand the identity registry" page.</remarks>
public readonly record struct DeviceId
{
    private DeviceId(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out DeviceId id)
    {
        var valid = IdCharacters.AreValid(text);
        id = valid ? new DeviceId(text!) : default;
        return valid;
    }

    /// <summary>For literals and stored rows that were checked when they were written.</summary>
    /// <exception cref="FormatException">The text is outside the alphabet or length.</exception>
    public static DeviceId Parse(string text) => TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a device id.");

    public override string ToString() => Value;
}
