using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Jobs;

/// <summary>A row of <c>job_devices</c>: what a job does on one device or module.</summary>
internal sealed record DeviceJobRow
{
    public string Hub { get; init; } = "";

    public string JobId { get; init; } = "";

    public string DeviceId { get; init; } = "";

    public string ModuleId { get; init; } = "";

    public string GenerationId { get; init; } = "";

    public string Status { get; init; } = "";

    public long Attempts { get; init; }

    public long NextTry { get; init; }

    public long Created { get; init; }

    public long Started { get; init; }

    public long Ended { get; init; }

    public long Updated { get; init; }

    public string? ErrorCode { get; init; }

    public string? ErrorDescription { get; init; }

    /// <summary>JSON.</summary>
    public string? Outcome { get; init; }

    /// <summary>Of the job; read only.</summary>
    public string JobType { get; init; } = "";

    internal IdentityKey Key => new(
        Contracts.Identities.DeviceId.Parse(DeviceId),
        ModuleId.Length > 0 ? Contracts.Identities.ModuleId.Parse(ModuleId) : null);

    /// <summary>Ended, now.</summary>
    internal DeviceJobRow End(string status, DateTimeOffset now, Contracts.Errors.HubError? error = null, string? outcome = null) => this with
    {
        Status = status,
        Started = Started == 0 ? now.UtcTicks : Started,
        Ended = now.UtcTicks,
        Updated = now.UtcTicks,
        ErrorCode = error?.Name,
        ErrorDescription = error?.Message,
        Outcome = outcome,
    };
}
