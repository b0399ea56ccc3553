using System.Text.Json.Serialization;

namespace Gatehouse.Gateway.Http.Files;

/// <summary>Body of a request for a place.</summary>
internal sealed record InitializeBody(string? BlobName);

/// <summary>Its answer. Source: device-plane §3.4 of the wire reference.</summary>
internal sealed record InitializeAnswer(string CorrelationId, string HostName, string ContainerName, string BlobName, string SasToken);

/// <summary>Body of a completion. What the device says of the reasons is not kept.</summary>
internal sealed record NotifyBody(string? CorrelationId, bool? IsSuccess);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, PropertyNameCaseInsensitive = true, MaxDepth = 8)]
[JsonSerializable(typeof(InitializeBody))]
[JsonSerializable(typeof(InitializeAnswer))]
[JsonSerializable(typeof(NotifyBody))]
internal sealed partial class UploadJson : JsonSerializerContext;
