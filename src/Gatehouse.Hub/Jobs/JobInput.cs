namespace Gatehouse.Hub.Jobs;

/// <summary>A job as a back end asks for it; nothing of it is checked yet.</summary>
public sealed record JobInput
{
    public required string JobId { get; init; }

    /// <summary>Wire word, any case.</summary>
    public string? Type { get; init; }

    /// <summary>A WHERE condition; <c>*</c>, empty or null for all devices; <c>FROM devices.modules WHERE …</c> for modules.</summary>
    public string? QueryCondition { get; init; }

    /// <summary>ISO 8601; null or past for now.</summary>
    public string? StartTime { get; init; }

    /// <summary>Null for 3600.</summary>
    public long? MaxExecutionTimeInSeconds { get; init; }

    /// <summary>JSON, UTF-8: <c>{"etag":"*","tags":{…},"properties":{"desired":{…}}}</c>. Null when none was sent.</summary>
    public ReadOnlyMemory<byte>? UpdateTwin { get; init; }

    /// <summary>Null when none was sent.</summary>
    public JobMethod? Method { get; init; }
}

/// <summary>The method of a job.</summary>
/// <param name="Name">Name.</param>
/// <param name="Payload">One JSON value in UTF-8; empty for null.</param>
/// <param name="ResponseTimeoutInSeconds">Null for 30.</param>
/// <param name="ConnectTimeoutInSeconds">Taken and shown; a job waits for its devices until its own time is over.</param>
public sealed record JobMethod(string? Name, ReadOnlyMemory<byte> Payload, int? ResponseTimeoutInSeconds, int? ConnectTimeoutInSeconds);
