using System.Text.Json;

namespace Gatehouse.ServiceApi.Rest.Methods;

/// <summary>A method call as callers send it.</summary>
internal sealed class MethodBody
{
    public string? MethodName { get; init; }

    /// <summary>Any JSON value; absent counts as null.</summary>
    public JsonElement Payload { get; init; }

    public int? ResponseTimeoutInSeconds { get; init; }

    public int? ConnectTimeoutInSeconds { get; init; }

    /// <summary>What the C SDK's older calls name the response time-out.</summary>
    public int? Timeout { get; init; }
}
