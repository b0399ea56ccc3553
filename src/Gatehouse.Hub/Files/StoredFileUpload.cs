using System.Text.Json.Serialization;
using Gatehouse.Hub.Notifications;

namespace Gatehouse.Hub.Files;

/// <summary>The file upload properties of a hub as they are stored.</summary>
internal sealed record StoredFileUpload
{
    /// <summary>The account's connection string, masked; null for the embedded endpoint.</summary>
    public string? Account { get; init; }

    /// <summary>The same, sealed.</summary>
    public byte[]? Secret { get; init; }

    public string ContainerName { get; init; } = BlobAccess.Container;

    public TimeSpan TokenLife { get; init; }

    public bool IsNotifying { get; init; }

    public NotificationOptions Notifications { get; init; } = new();

    [JsonIgnore]
    public string ETag { get; init; } = "";

    public override string ToString() => $"file upload to {ContainerName} ***";

    internal FileUploadProperties Show() => new()
    {
        ConnectionString = Account,
        ContainerName = ContainerName,
        TokenLife = TokenLife,
        IsNotifying = IsNotifying,
        Notifications = Notifications,
        ETag = ETag,
    };
}

/// <summary>JSON of the stored document.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredFileUpload))]
internal sealed partial class FileUploadJson : JsonSerializerContext;
