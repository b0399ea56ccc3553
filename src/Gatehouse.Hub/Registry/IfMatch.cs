using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Registry;

/// <summary>Precondition of a write: nothing asked, any existing version, or one version.</summary>
/// <param name="Kind">Which of the three.</param>
/// <param name="ETag">Without quotes; empty unless <see cref="IfMatchKind.Version"/>.</param>
public readonly record struct IfMatch(IfMatchKind Kind, string ETag)
{
    /// <summary>No If-Match header.</summary>
    public static IfMatch Absent { get; } = new(IfMatchKind.Absent, "");

    /// <summary><c>If-Match: *</c></summary>
    public static IfMatch Any { get; } = new(IfMatchKind.Any, "");

    public static IfMatch Version(string etag) => new(IfMatchKind.Version, etag);

    /// <summary>Reads the header: <c>*</c>, <c>"*"</c>, <c>"etag"</c> or <c>etag</c>; null or empty is absent. ArgumentInvalid for more than 128 characters.</summary>
    /// <remarks>The Node SDK puts even the star in quotes; the C# SDK quotes when needed.</remarks>
    public static Result<IfMatch> Parse(string? header)
    {
        var text = header?.Trim() ?? "";
        if (text.Length == 0)
        {
            return Absent;
        }

        if (text.Length > 128)
        {
            return HubErrors.ArgumentInvalid.With("The If-Match header is too long.");
        }

        if (text is ['"', .., '"'])
        {
            text = text[1..^1];
        }

        return text == "*" ? Any : Version(text);
    }
}

/// <summary>Kinds of <see cref="IfMatch"/>.</summary>
public enum IfMatchKind
{
    Absent,
    Any,
    Version,
}
