using System.Security.Cryptography;

namespace Gatehouse.Provisioning.Instances;

/// <summary>Id scopes: <c>0ne</c> and eight hex digits, compared without regard to case (unconfirmed).</summary>
internal static class IdScope
{
    private const string Prefix = "0ne";
    private const int Length = 11;

    internal static string New() => $"{Prefix}{RandomNumberGenerator.GetHexString(Length - Prefix.Length)}";

    internal static bool Is(string text) =>
        text.Length == Length && text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && text.AsSpan(Prefix.Length).ContainsAnyExcept(HexDigits) is false;

    private static System.Buffers.SearchValues<char> HexDigits { get; } = System.Buffers.SearchValues.Create("0123456789ABCDEFabcdef");
}
