using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Jobs;

/// <summary>What a job must be. Pure.</summary>
/// <remarks>Source: IoT Hub "Schedule jobs on multiple devices" page; ranges are ours.</remarks>
internal static class JobRules
{
    internal const int MaxIdCharacters = 64;
    private const long DefaultSeconds = 3600;

    private static readonly SearchValues<char> IdCharacters = SearchValues.Create("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    internal static bool IsId(string text) => text.Length is > 0 and <= MaxIdCharacters && !text.AsSpan().ContainsAnyExcept(IdCharacters);

    /// <summary>The row of a new job without its hub and actor. ArgumentInvalid, ArgumentNull, MessageTooLarge.</summary>
    internal static Result<JobRow> Check(JobInput input, HubOptions options, TwinWriter twins, DateTimeOffset now)
    {
        if (!IsId(input.JobId))
        {
            return HubErrors.ArgumentInvalid.With($"The job id must have 1 to {MaxIdCharacters} characters of A-Z a-z 0-9 and -.");
        }

        var parameters = CheckWork(input, options.Methods, twins);
        if (!parameters.IsOk)
        {
            return parameters.Error;
        }

        var targets = JobTargets.Parse(input.QueryCondition);
        var times = CheckTimes(input, options.Jobs, now);
        if (!targets.IsOk || !times.IsOk)
        {
            return targets.Error ?? times.Error!;
        }

        return times.Value with
        {
            JobId = input.JobId,
            JobType = JobTypes.Find(input.Type!)!,
            QueryCondition = input.QueryCondition ?? "",
            Parameters = parameters.Value,
        };
    }

    /// <summary>Whether a stored job still is one.</summary>
    internal static bool CanRun(JobRow job) =>
        JobTargets.Parse(job.QueryCondition).IsOk && (job.IsMethod || ReadUpdate(Encoding.UTF8.GetBytes(job.Parameters)) is { Update.IsOk: true, IfMatch.IsOk: true });

    /// <summary>The stored method as a call.</summary>
    internal static MethodCall ReadMethod(string parameters)
    {
        using var json = JsonDocument.Parse(parameters);
        var root = json.RootElement;
        var payload = root.GetProperty("payload");
        return new MethodCall(
            root.GetProperty("methodName").GetString()!,
            payload.ValueKind == JsonValueKind.Null ? default : Encoding.UTF8.GetBytes(payload.GetRawText()),
            TimeSpan.Zero,
            TimeSpan.FromSeconds(root.GetProperty("responseTimeoutInSeconds").GetInt32()));
    }

    /// <summary>The stored twin patch, and the version that each twin must have.</summary>
    internal static (Result<TwinUpdate> Update, Result<IfMatch> IfMatch) ReadUpdate(ReadOnlySpan<byte> parameters)
    {
        var update = TwinUpdate.Patch(parameters);
        return update.IsOk ? (update, IfMatch.Parse(FindETag(parameters))) : (update, IfMatch.Absent);
    }

    private static Result<string> CheckWork(JobInput input, MethodOptions methods, TwinWriter twins)
    {
        switch (JobTypes.Find(input.Type ?? ""))
        {
            case JobTypes.UpdateTwin:
                return input.Method is not null ? HubErrors.ArgumentInvalid.With("A job of type scheduleUpdateTwin has no cloudToDeviceMethod.")
                    : input.UpdateTwin is not { } patch ? HubErrors.ArgumentNull.With("A job of type scheduleUpdateTwin needs updateTwin.")
                    : CheckUpdate(patch, twins);
            case JobTypes.DeviceMethod:
                return input.UpdateTwin is not null ? HubErrors.ArgumentInvalid.With("A job of type scheduleDeviceMethod has no updateTwin.")
                    : input.Method is not { } method ? HubErrors.ArgumentNull.With("A job of type scheduleDeviceMethod needs cloudToDeviceMethod.")
                    : CheckMethod(method, methods);
            default:
                return HubErrors.ArgumentInvalid.With("The type of a job must be scheduleUpdateTwin or scheduleDeviceMethod.");
        }
    }

    private static Result<string> CheckUpdate(ReadOnlyMemory<byte> patch, TwinWriter twins)
    {
        var (update, ifMatch) = ReadUpdate(patch.Span);
        if (!update.IsOk || !ifMatch.IsOk)
        {
            return update.Error ?? ifMatch.Error!;
        }

        return update.Value.IsEmpty ? HubErrors.ArgumentInvalid.With("updateTwin holds neither tags nor desired properties.")
            : twins.Check(update.Value) is { } refused ? refused
            : Encoding.UTF8.GetString(patch.Span);
    }

    private static Result<string> CheckMethod(JobMethod method, MethodOptions options)
    {
        if (method.Name is not { Length: > 0 } name)
        {
            return HubErrors.ArgumentNull.With("The methodName is missing.");
        }

        var (response, connect) = (method.ResponseTimeoutInSeconds ?? (int)MethodCall.DefaultResponseTimeout.TotalSeconds, method.ConnectTimeoutInSeconds ?? 0);
        var call = new MethodCall(name, method.Payload, TimeSpan.FromSeconds(connect), TimeSpan.FromSeconds(response));
        return MethodRules.FindFault(call, options) is { } fault ? fault : Write(call, response, connect);
    }

    private static string Write(MethodCall call, int response, int connect)
    {
        var buffer = new ArrayBufferWriter<byte>(256 + call.Payload.Length);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("methodName", call.Name);
            writer.WritePropertyName("payload");
            writer.WriteRawValue(call.Payload.IsEmpty ? MethodRules.Null.Span : call.Payload.Span, skipInputValidation: true); // checked a moment ago
            writer.WriteNumber("responseTimeoutInSeconds", response);
            writer.WriteNumber("connectTimeoutInSeconds", connect);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static Result<JobRow> CheckTimes(JobInput input, JobOptions options, DateTimeOffset now)
    {
        var start = now;
        if (!string.IsNullOrEmpty(input.StartTime)
            && !DateTimeOffset.TryParse(input.StartTime, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out start))
        {
            return HubErrors.ArgumentInvalid.With("The startTime is no ISO 8601 time.");
        }

        if (start > now + options.MaxDelay)
        {
            return HubErrors.ArgumentInvalid.With($"The startTime lies more than {options.MaxDelay.TotalDays:0} days ahead.");
        }

        var seconds = input.MaxExecutionTimeInSeconds ?? DefaultSeconds;
        return seconds < 1 || seconds > (long)options.MaxExecutionTime.TotalSeconds
            ? HubErrors.ArgumentInvalid.With($"The maxExecutionTimeInSeconds must be 1 to {(long)options.MaxExecutionTime.TotalSeconds}.")
            : new JobRow { Created = now.UtcTicks, StartTime = start.UtcTicks, MaxSeconds = seconds, Status = start <= now ? JobStates.Queued : JobStates.Scheduled };
    }

    // The text was read as sound JSON before.
    private static string? FindETag(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("etag"u8))
            {
                return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            }
        }

        return null;
    }
}
