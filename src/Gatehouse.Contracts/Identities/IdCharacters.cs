using System.Buffers;

namespace Gatehouse.Contracts.Identities;

/// <summary>The alphabet of device and module ids.</summary>
/// <remarks>ASCII letters, digits and <c>- . + % _ # * ? ! ( ) , : = @ $ ' ;</c>, 1–128 characters, case-sensitive. Source: IoT Hub "Understand the identity registry" page.</remarks>
internal static class IdCharacters
{
    internal const int MaxLength = 128;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.+%_#*?!(),:=@$';");

    internal static bool AreValid(ReadOnlySpan<char> text) => text.Length is > 0 and <= MaxLength && !text.ContainsAnyExcept(Allowed);
}
