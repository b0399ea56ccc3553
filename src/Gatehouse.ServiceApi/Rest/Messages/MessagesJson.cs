using System.Text.Json.Serialization;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary>Shapes of the messaging operations, generated at build time.</summary>
[JsonSerializable(typeof(PurgeDocument))]
internal sealed partial class MessagesJson : JsonSerializerContext
{
    internal static MessagesJson Shapes { get; } = new(ApiJson.NewOptions());
}
