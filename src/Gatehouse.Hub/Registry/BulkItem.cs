using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Registry;

/// <summary>What a bulk call does with one identity; wire words of <c>importMode</c>.</summary>
public enum ImportMode
{
    CreateOrUpdate,
    Create,
    Update,
    UpdateIfMatchETag,
    CreateOrUpdateIfMatchETag,
    Delete,
    DeleteIfMatchETag,
    UpdateTwin,
    UpdateTwinIfMatchETag,
}

/// <summary>One item of a bulk call.</summary>
/// <param name="Input">Identity; its authentication may be absent on an update, then the stored one stays.</param>
/// <param name="Mode">What to do.</param>
/// <param name="ETag">For the modes that compare it.</param>
/// <param name="Twin">What goes into the twin; null for nothing.</param>
public sealed record BulkItem(IdentityInput Input, ImportMode Mode, string? ETag, BulkTwin? Twin = null);

/// <summary>The twin of a bulk item.</summary>
/// <param name="Json"><c>{"tags":{…},"properties":{"desired":{…}}}</c>, UTF-8, as sent.</param>
/// <param name="ETag">The version that the twin must have; null or empty for any.</param>
public sealed record BulkTwin(ReadOnlyMemory<byte> Json, string? ETag)
{
    /// <summary>Of the two members of an item, as they were sent; null when it has neither.</summary>
    public static BulkTwin? Of(JsonElement? tags, JsonElement? properties, string? etag)
    {
        if (tags is null && properties is null)
        {
            return null;
        }

        var json = new ArrayBufferWriter<byte>(256);
        json.Write("{"u8);
        if (tags is { } given)
        {
            json.Write("\"tags\":"u8);
            json.Write(JsonMarshal.GetRawUtf8Value(given));
        }

        if (properties is { } others)
        {
            json.Write(tags is null ? "\"properties\":"u8 : ",\"properties\":"u8);
            json.Write(JsonMarshal.GetRawUtf8Value(others));
        }

        json.Write("}"u8);
        return new BulkTwin(json.WrittenMemory, etag);
    }
}

/// <summary>Why one item of a bulk call was not done.</summary>
/// <param name="DeviceId">Device.</param>
/// <param name="ModuleId">Module, or null.</param>
/// <param name="Error">Why.</param>
/// <param name="IsWarning">The identity was written, its twin was not.</param>
public sealed record BulkItemError(string DeviceId, string? ModuleId, HubError Error, bool IsWarning = false);
