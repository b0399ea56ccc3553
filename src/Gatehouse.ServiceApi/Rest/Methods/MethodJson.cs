using System.Text.Json.Serialization;

namespace Gatehouse.ServiceApi.Rest.Methods;

/// <summary>Shapes of method calls, generated at build time.</summary>
[JsonSerializable(typeof(MethodBody))]
internal sealed partial class MethodJson : JsonSerializerContext
{
    internal static MethodJson Shapes { get; } = new(ApiJson.NewOptions());
}
