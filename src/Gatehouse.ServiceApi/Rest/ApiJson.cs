using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>How JSON is read and written on the REST planes.</summary>
internal static class ApiJson
{
    internal const string ContentType = "application/json; charset=utf-8";

    /// <summary>Leaves <c>+</c> and <c>'</c> as they are: base64 keys and ids stay readable. The answers are never HTML.</summary>
    internal static JavaScriptEncoder Encoder => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>Options for a source-generated context: camelCase out, any case in (Explorer writes <c>etag</c>, the specification <c>eTag</c>), duplicates refused.</summary>
    internal static JsonSerializerOptions NewOptions() => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        PropertyNameCaseInsensitive = true,
        AllowDuplicateProperties = false,
        Encoder = Encoder,
        MaxDepth = 64,
    };
}
