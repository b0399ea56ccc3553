using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Resources;

namespace Gatehouse.Hub.Events;

/// <summary>What readers contend for: one partition as one consumer group sees it.</summary>
internal readonly record struct ReaderPlace
{
    internal ReaderPlace(HubName hub, string group, int partition) => (Hub, Group, Partition) = (hub, ResourceName.KeyOf(group), partition);

    internal HubName Hub { get; }

    /// <summary>Lower case: group names are compared without regard to case.</summary>
    internal string Group { get; }

    internal int Partition { get; }
}
