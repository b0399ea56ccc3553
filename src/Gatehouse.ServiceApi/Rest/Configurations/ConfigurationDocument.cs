using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Hub.Configurations;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest.Configurations;

/// <summary>A configuration as the service shows it. The names are the contract of every SDK.</summary>
internal static class ConfigurationDocument
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    internal static ApiResponse Answer(Configuration configuration, int status = StatusCodes.Status200OK) =>
        ApiResponse.Raw(Encode(writer => Write(writer, configuration)), configuration.ETag, status);

    internal static ApiResponse Answer(IReadOnlyList<Configuration> configurations) => ApiResponse.Raw(
        Encode(writer =>
        {
            writer.WriteStartArray();
            foreach (var configuration in configurations)
            {
                Write(writer, configuration);
            }

            writer.WriteEndArray();
        }),
        etag: null);

    private static ReadOnlyMemory<byte> Encode(Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(body, Options))
        {
            write(writer);
        }

        return body.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter writer, Configuration configuration)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, configuration.Id);
        writer.WriteString("schemaVersion"u8, "1.0"u8);
        WriteTexts(writer, "labels", configuration.Labels);
        writer.WritePropertyName("content"u8);
        writer.WriteRawValue(configuration.Content.Span, skipInputValidation: true);
        writer.WriteString("contentType"u8, "assignment"u8);
        writer.WriteString("targetCondition"u8, configuration.TargetCondition);
        writer.WriteString("createdTimeUtc"u8, TimeOf(configuration.Created));
        writer.WriteString("lastUpdatedTimeUtc"u8, TimeOf(configuration.Updated));
        writer.WriteNumber("priority"u8, configuration.Priority);
        WriteMetrics(writer, "systemMetrics", configuration.SystemMetricResults, configuration.SystemMetricQueries);
        WriteMetrics(writer, "metrics", configuration.MetricResults, configuration.MetricQueries);
        writer.WriteString("etag"u8, configuration.ETag);
        writer.WriteEndObject();
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
}
