using System.Text.Json.Serialization;

namespace Gatehouse.ServiceApi.Rest.Configurations;

/// <summary>Shapes of tests of queries, generated at build time.</summary>
[JsonSerializable(typeof(ConfigurationQueriesBody))]
[JsonSerializable(typeof(ConfigurationQueriesDocument))]
internal sealed partial class ConfigurationJson : JsonSerializerContext
{
    internal static ConfigurationJson Shapes { get; } = new(ApiJson.NewOptions());
}
