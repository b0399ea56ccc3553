using System.Text.Json.Serialization;
using Gatehouse.ServiceApi.Rest.Devices;
using Gatehouse.ServiceApi.Rest.Modules;
using Gatehouse.ServiceApi.Rest.Statistics;

namespace Gatehouse.ServiceApi.Rest.Registry;

/// <summary>Shapes of the registry operations, generated at build time.</summary>
[JsonSerializable(typeof(DeviceBody))]
[JsonSerializable(typeof(DeviceDocument))]
[JsonSerializable(typeof(IReadOnlyList<DeviceDocument>))]
[JsonSerializable(typeof(ModuleBody))]
[JsonSerializable(typeof(ModuleDocument))]
[JsonSerializable(typeof(IReadOnlyList<ModuleDocument>))]
[JsonSerializable(typeof(IReadOnlyList<BulkDeviceBody?>))]
[JsonSerializable(typeof(BulkResult))]
[JsonSerializable(typeof(RegenerateKeysBody))]
[JsonSerializable(typeof(RegenerateKeysAnswer))]
[JsonSerializable(typeof(DeviceStatisticsDocument))]
[JsonSerializable(typeof(ServiceStatisticsDocument))]
internal sealed partial class RegistryJson : JsonSerializerContext
{
    internal static RegistryJson Shapes { get; } = new(ApiJson.NewOptions());
}
