using System.Text.Json.Serialization;

namespace Gatehouse.ServiceApi.Rest.Queries;

/// <summary>JSON of queries.</summary>
[JsonSerializable(typeof(QueryBody))]
internal sealed partial class QueryJson : JsonSerializerContext
{
    internal static QueryJson Shapes { get; } = new(ApiJson.NewOptions());
}
