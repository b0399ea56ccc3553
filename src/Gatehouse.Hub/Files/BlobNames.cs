using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Files;

/// <summary>Which names a device may give its files. The device's id goes before each, so that no device reaches another's.</summary>
internal static class BlobNames
{
    /// <summary>Source: Azure Storage "Naming and referencing containers, blobs, and metadata" page.</summary>
    private const int MaxCharacters = 1024;

    /// <summary>Id of the device whose blob it is.</summary>
    internal static string DeviceOf(string blob) => blob.IndexOf('/', StringComparison.Ordinal) is var end and >= 0 ? blob[..end] : blob;

    /// <summary><c>{device}/{name}</c>. ArgumentInvalid for names that a client on the way might read as another path.</summary>
    internal static Result<string> Of(DeviceId device, string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return HubErrors.ArgumentNull.With("blobName is missing.");
        }

        var full = $"{device.Value}/{name}";
        var isOrdinary = full.Length <= MaxCharacters
            && device.Value is not ("." or "..")
            && !name.Any(static c => char.IsControl(c) || char.IsSurrogate(c) || c is '\\' or '\u2028' or '\u2029')
            && name.Split('/').All(static part => part.Length > 0 && part[^1] != '.' && part.Trim().Length > 0);
        return isOrdinary
            ? full
            : HubErrors.ArgumentInvalid.With($"The blob name must have at most {MaxCharacters} characters with the device's id, no control characters or backslashes, and no part that is empty or ends with a dot.");
    }
}
