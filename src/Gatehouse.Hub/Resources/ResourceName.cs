using System.Buffers;
using System.Security.Cryptography;

namespace Gatehouse.Hub.Resources;

/// <summary>Names of the things that operators keep in a hub: policies and certificates.</summary>
/// <remarks>Source: the resource model of Microsoft.Devices (certificate names: letters, digits, <c>- . _</c>, at most 64).</remarks>
internal static class ResourceName
{
    internal const string Rule = "1 to 64 characters of A-Z a-z 0-9 - _ .";
    private const int MaxLength = 64;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    internal static bool IsValid(string name) => name.Length is > 0 and <= MaxLength && !name.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>What a caller sent, short enough for an answer.</summary>
    internal static string Cut(string name) => name.Length <= MaxLength ? name : name[..MaxLength] + "…";

    /// <summary>Names that differ only in case are one name.</summary>
    internal static string KeyOf(string name) => name.ToLowerInvariant();

    internal static string NewETag() => Convert.ToHexString(RandomNumberGenerator.GetBytes(8));
}
