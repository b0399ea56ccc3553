using System.Text.Json.Serialization;

namespace Gatehouse.Store.Refusals;

/// <summary>Detail of a refusal's audit record.</summary>
internal sealed record RefusalDetail(string Reason, int ErrorCode, string Detail, string Protocol, string? RemoteAddress, long Repeats);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(RefusalDetail))]
internal sealed partial class RefusalJson : JsonSerializerContext;
