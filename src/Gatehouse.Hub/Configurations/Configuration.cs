using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Configurations;

/// <summary>A configuration as back ends see it.</summary>
public sealed class Configuration
{
    public required string Id { get; init; }

    /// <summary>Without quotes; another after each update, not after a count of metrics.</summary>
    public required string ETag { get; init; }

    public required long Priority { get; init; }

    public required string TargetCondition { get; init; }

    /// <summary>JSON object, UTF-8, as it was written.</summary>
    public required ReadOnlyMemory<byte> Content { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Updated { get; init; }

    /// <summary>Queries by name.</summary>
    public required IReadOnlyDictionary<string, string> MetricQueries { get; init; }

    public required IReadOnlyDictionary<string, long> MetricResults { get; init; }

    public required IReadOnlyDictionary<string, string> SystemMetricQueries { get; init; }

    public required IReadOnlyDictionary<string, long> SystemMetricResults { get; init; }

    /// <summary>Writes it as one object. The names are the contract of every SDK.</summary>
    /// <param name="writer">Where to.</param>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, Id);
        writer.WriteString("schemaVersion"u8, "1.0"u8);
        WriteTexts(writer, "labels", Labels);
        writer.WritePropertyName("content"u8);
        writer.WriteRawValue(Content.Span, skipInputValidation: true);
        writer.WriteString("contentType"u8, "assignment"u8);
        writer.WriteString("targetCondition"u8, TargetCondition);
        writer.WriteString("createdTimeUtc"u8, TimeOf(Created));
        writer.WriteString("lastUpdatedTimeUtc"u8, TimeOf(Updated));
        writer.WriteNumber("priority"u8, Priority);
        WriteMetrics(writer, "systemMetrics", SystemMetricResults, SystemMetricQueries);
        WriteMetrics(writer, "metrics", MetricResults, MetricQueries);
        writer.WriteString("etag"u8, ETag);
        writer.WriteEndObject();
    }

    internal static Configuration Of(ConfigurationRow row)
    {
        var kind = KindOf(row.Content);
        var results = TwinText.Read(row.Results);
        return new Configuration
        {
            Id = row.Id,
            ETag = ETags.Format(row.Etag),
            Priority = row.Priority,
            TargetCondition = row.TargetCondition,
            Content = Encoding.UTF8.GetBytes(row.Content),
            Labels = Texts(row.Labels),
            Created = new DateTimeOffset(row.Created, TimeSpan.Zero),
            Updated = new DateTimeOffset(row.Updated, TimeSpan.Zero),
            MetricQueries = Texts(row.Metrics),
            MetricResults = ConfigurationResults.Read(results, ConfigurationResults.Custom),
            SystemMetricQueries = SystemMetrics.Queries(row.Id, kind, ConfigurationTarget.Read(row.TargetCondition, kind) is { IsOk: true } target ? target.Value.QueryText : ""),
            SystemMetricResults = ConfigurationResults.Read(results, ConfigurationResults.System),
        };
    }

    internal static ContentKind KindOf(string content)
    {
        var members = TwinText.Read(content);
        return members["deviceContent"] is JsonObject { Count: > 0 } ? ContentKind.Device : members["moduleContent"] is JsonObject { Count: > 0 } ? ContentKind.Module : ContentKind.Edge;
    }

    private static void WriteMetrics(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, long> results, IReadOnlyDictionary<string, string> queries)
    {
        writer.WriteStartObject(name);
        writer.WriteStartObject("results"u8);
        foreach (var (metric, count) in results)
        {
            writer.WriteNumber(metric, count);
        }

        writer.WriteEndObject();
        WriteTexts(writer, "queries", queries);
        writer.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, string> texts)
    {
        writer.WriteStartObject(name);
        foreach (var (key, text) in texts)
        {
            writer.WriteString(key, text);
        }

        writer.WriteEndObject();
    }

    private static string TimeOf(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static Dictionary<string, string> Texts(string json) => TwinText.Read(json).ToDictionary(each => each.Key, each => (string)each.Value!);
}
