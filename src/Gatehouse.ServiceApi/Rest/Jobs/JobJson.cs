using System.Text.Json.Serialization;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary>Shapes of jobs, generated at build time.</summary>
[JsonSerializable(typeof(JobBody))]
[JsonSerializable(typeof(ImportExportBody))]
[JsonSerializable(typeof(ImportExportDocument))]
[JsonSerializable(typeof(IReadOnlyList<ImportExportDocument>))]
internal sealed partial class JobJson : JsonSerializerContext
{
    internal static JobJson Shapes { get; } = new(ApiJson.NewOptions());
}
