using System.Buffers;
using System.Text.Json;
using Gatehouse.Hub.Jobs;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary>A job as the service shows it. What it does not have (yet) is left out.</summary>
internal static class JobDocument
{
    private static readonly JsonWriterOptions Options = new() { Encoder = ApiJson.Encoder };

    internal static ReadOnlyMemory<byte> Of(Job job)
    {
        var buffer = new ArrayBufferWriter<byte>(512 + job.Parameters.Length);
        using var writer = new Utf8JsonWriter(buffer, Options);
        WriteTo(writer, job);
        writer.Flush();
        return buffer.WrittenMemory;
    }

    internal static ReadOnlyMemory<byte> Of(IReadOnlyList<Job> jobs)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartArray();
        foreach (var job in jobs)
        {
            WriteTo(writer, job);
        }

        writer.WriteEndArray();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>Observed: the service answers so, with 200, for a job that is not there.</summary>
    internal static ReadOnlyMemory<byte> Unknown(string jobId)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartObject();
        writer.WriteString("jobId", jobId);
        writer.WriteString("type", "unknown");
        writer.WriteString("status", "unknown");
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteTo(Utf8JsonWriter writer, Job job)
    {
        writer.WriteStartObject();
        writer.WriteString("jobId", job.JobId);
        writer.WriteString("queryCondition", job.QueryCondition);
        writer.WriteString("createdTime", WireTime.Format(job.Created));
        writer.WriteString("startTime", WireTime.Format(job.StartTime));
        if (job.EndTime is { } end)
        {
            writer.WriteString("endTime", WireTime.Format(end));
        }

        writer.WriteNumber("maxExecutionTimeInSeconds", job.MaxExecutionTimeInSeconds);
        writer.WriteString("type", job.Type);
        writer.WritePropertyName(job.IsMethod ? "cloudToDeviceMethod" : "updateTwin");
        writer.WriteRawValue(job.Parameters.Span, skipInputValidation: true); // checked when the job was made
        writer.WriteString("status", job.Status);
        writer.WriteStartObject("deviceJobStatistics");
        writer.WriteNumber("deviceCount", job.Statistics.DeviceCount);
        writer.WriteNumber("failedCount", job.Statistics.FailedCount);
        writer.WriteNumber("succeededCount", job.Statistics.SucceededCount);
        writer.WriteNumber("runningCount", job.Statistics.RunningCount);
        writer.WriteNumber("pendingCount", job.Statistics.PendingCount);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
