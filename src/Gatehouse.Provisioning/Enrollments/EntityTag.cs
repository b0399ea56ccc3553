using Gatehouse.Contracts.Errors;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>Precondition of a write: null asks for nothing, <c>*</c> for any existing version, else for one version.</summary>
/// <remarks>Node sends the ETag as it stands in the document, quotes and all; the C# client adds quotes when they are missing; the command line sends <c>*</c>.</remarks>
internal static class EntityTag
{
    private const int MaxLength = 128;

    internal static string New() => Guid.NewGuid().ToString();

    /// <summary>As documents and headers show it: in quotes.</summary>
    internal static string Show(string etag) => $"\"{etag}\"";

    /// <summary>Without quotes; null when there is no header. ArgumentInvalid.</summary>
    internal static Result<string?> Read(string? header)
    {
        var text = header?.Trim();
        if (string.IsNullOrEmpty(text))
        {
            return (string?)null;
        }

        return text.Length > MaxLength ? ProvisioningErrors.ArgumentInvalid.With("The If-Match header is too long.") : text.Trim('"');
    }

    internal static bool Fits(string? wanted, string present) => wanted is null or "*" || wanted == present;
}
