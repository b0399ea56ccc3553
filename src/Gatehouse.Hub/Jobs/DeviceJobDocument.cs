using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gatehouse.Hub.Jobs;

/// <summary>What a job did on one device, as <c>devices.jobs</c> and lifecycle events show it.</summary>
/// <remarks>Source: IoT Hub "Queries for IoT Hub jobs" page. What has not happened yet is left out.</remarks>
internal static class DeviceJobDocument
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static ReadOnlyMemory<byte> Write(DeviceJobRow row)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            WriteTo(writer, row);
        }

        return buffer.WrittenMemory;
    }

    internal static void WriteTo(Utf8JsonWriter writer, DeviceJobRow row)
    {
        writer.WriteStartObject();
        writer.WriteString("deviceId", row.DeviceId);
        if (row.ModuleId.Length > 0)
        {
            writer.WriteString("moduleId", row.ModuleId);
        }

        writer.WriteString("jobId", row.JobId);
        writer.WriteString("jobType", row.JobType);
        writer.WriteString("status", row.Status);
        WriteTime(writer, "startTimeUtc", row.Started);
        WriteTime(writer, "endTimeUtc", row.Ended);
        WriteTime(writer, "createdDateTimeUtc", row.Created);
        WriteTime(writer, "lastUpdatedDateTimeUtc", row.Updated);
        if (row.Outcome is { } outcome)
        {
            writer.WritePropertyName("outcome");
            writer.WriteRawValue(outcome, skipInputValidation: true); // written by the server
        }

        if (row.ErrorCode is { } code)
        {
            writer.WriteStartObject("error");
            writer.WriteString("code", code);
            writer.WriteString("description", row.ErrorDescription);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter writer, string name, long ticks)
    {
        if (ticks > 0)
        {
            writer.WriteString(name, new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));
        }
    }
}
