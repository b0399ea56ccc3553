using System.Runtime.InteropServices;
using System.Text.Json;
using Gatehouse.Hub.Jobs;
using Gatehouse.ServiceApi.Rest.Methods;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary>A job as callers send it; what the hub itself fills in (status, times, statistics) is ignored.</summary>
internal sealed class JobBody
{
    public string? JobId { get; init; }

    public string? Type { get; init; }

    public MethodBody? CloudToDeviceMethod { get; init; }

    public JsonElement UpdateTwin { get; init; }

    public string? QueryCondition { get; init; }

    public string? StartTime { get; init; }

    public long? MaxExecutionTimeInSeconds { get; init; }

    internal JobInput ToInput(string jobId) => new()
    {
        JobId = jobId,
        Type = Type,
        QueryCondition = QueryCondition,
        StartTime = StartTime,
        MaxExecutionTimeInSeconds = MaxExecutionTimeInSeconds,
        UpdateTwin = UpdateTwin.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? (ReadOnlyMemory<byte>?)null : JsonMarshal.GetRawUtf8Value(UpdateTwin).ToArray(),
        Method = CloudToDeviceMethod is null
            ? null
            : new JobMethod(
                CloudToDeviceMethod.MethodName, MethodInvocation.PayloadOf(CloudToDeviceMethod.Payload), CloudToDeviceMethod.ResponseTimeoutInSeconds ?? CloudToDeviceMethod.Timeout, CloudToDeviceMethod.ConnectTimeoutInSeconds),
    };
}
