using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Throttling;

/// <summary>The limits of one hub, by class; null where there is none.</summary>
internal sealed class HubThrottle
{
    private readonly ClassThrottle?[] classes = new ClassThrottle?[Throttles.ClassCount];

    internal HubThrottle(HubName name, ThrottleOptions options, ThrottleClock clock)
    {
        Name = name;
        foreach (var operations in Enum.GetValues<ThrottleClass>())
        {
            classes[(int)operations] = options.LimitOf(operations) is { } rate ? new ClassThrottle(rate, options.IsFair, clock.TicksPerSecond) : null;
        }
    }

    internal HubName Name { get; }

    internal ClassThrottle? this[ThrottleClass operations] => classes[(int)operations];
}
