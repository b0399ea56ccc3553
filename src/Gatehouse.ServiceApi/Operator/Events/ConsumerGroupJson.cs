using Gatehouse.Hub.Events;

namespace Gatehouse.ServiceApi.Operator.Events;

/// <summary>A consumer group in answers.</summary>
/// <param name="Name">As it was created.</param>
/// <param name="Created">Null for <c>$Default</c>.</param>
internal sealed record ConsumerGroupJson(string Name, DateTime? Created)
{
    internal static ConsumerGroupJson From(ConsumerGroup group) => new(group.Name, group.Created?.UtcDateTime);
}
