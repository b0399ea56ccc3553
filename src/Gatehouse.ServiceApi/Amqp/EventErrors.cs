using Gatehouse.Hub.Events;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.ServiceApi.Amqp;

/// <summary>Errors of the Event-Hubs-compatible endpoint as its clients know them.</summary>
/// <remarks>Source: service-plane §7.4, §7.6 of the wire reference; the position behind the end: observed with the service in public issue reports (argument-error).</remarks>
internal static class EventErrors
{
    internal static AmqpError Of(string condition, string description)
    {
        var tracking = $"{Guid.NewGuid():N}";
        var info = new AmqpMap();
        info.AddSymbol(AmqpConditions.TrackingIdKey, tracking);
        return new AmqpError { Condition = condition, Description = $"{description} TrackingId:{tracking}", Info = info };
    }

    /// <remarks>Clients know by these very words, and not by the condition, that trying again is of no use.</remarks>
    internal static string NotFound(string entity) => $"The messaging entity '{entity[..Math.Min(entity.Length, 64)]}' could not be found.";

    internal static AmqpError From(ReaderFault fault) =>
        Of(ConditionOf(fault.Kind), fault.Kind == ReaderFaultKind.GroupNotFound ? $"{NotFound("consumer group")} {fault.Message}" : fault.Message);

    private static string ConditionOf(ReaderFaultKind kind) => kind switch
    {
        ReaderFaultKind.GroupNotFound => AmqpConditions.NotFound,
        ReaderFaultKind.PartitionNotFound => AmqpConditions.ArgumentOutOfRange,
        ReaderFaultKind.BehindTheEnd => AmqpConditions.ArgumentError,
        ReaderFaultKind.Stolen => AmqpConditions.LinkStolen,
        ReaderFaultKind.TooMany => AmqpConditions.ResourceLimitExceeded,
        _ => AmqpConditions.InternalError,
    };
}
