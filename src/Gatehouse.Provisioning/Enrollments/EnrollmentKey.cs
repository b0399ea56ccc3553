using System.Buffers;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>Which enrollment: its kind and its id, in lower case.</summary>
/// <param name="Kind">Individual or group.</param>
/// <param name="Id">Registration id or group id; compared without regard to case, so kept in lower case.</param>
internal readonly record struct EnrollmentKey(EnrollmentKind Kind, string Id)
{
    internal const string Rule = "1 to 128 characters of A-Z a-z 0-9 - . _ : and end with a letter, a digit or a dash";

    private const int MaxLength = 128;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:");

    internal static EnrollmentKey Of(EnrollmentKind kind, string id) => new(kind, id.ToLowerInvariant());

    /// <summary>Registration ids and group ids share one alphabet.</summary>
    /// <remarks>Source: Device Provisioning Service "Service concepts" page.</remarks>
    internal static bool IsValid(string? id) => id is { Length: > 0 and <= MaxLength } && !id.AsSpan().ContainsAnyExcept(Allowed) && (char.IsAsciiLetterOrDigit(id[^1]) || id[^1] == '-');

    public override string ToString() => Id;
}
