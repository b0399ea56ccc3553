namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary>What was purged.</summary>
internal sealed class PurgeDocument
{
    public required string DeviceId { get; init; }

    /// <summary>Always null: modules have no queue.</summary>
    public string? ModuleId { get; init; }

    public required int TotalMessagesPurged { get; init; }
}
