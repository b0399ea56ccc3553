using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>A session's subscriptions in one number: two bits for each kind, QoS + 1, 0 for none. The number is stored: never reorder the kinds.</summary>
internal static class Subscriptions
{
    internal static long Add(long all, SubscriptionKind kind, byte qos) => Remove(all, kind) | ((qos + 1L) << ShiftOf(kind));

    internal static long Remove(long all, SubscriptionKind kind) => all & ~(3L << ShiftOf(kind));

    internal static bool Has(long all, SubscriptionKind kind) => ((all >> ShiftOf(kind)) & 3) != 0;

    /// <summary>Of a kind that is there.</summary>
    internal static byte QosOf(long all, SubscriptionKind kind) => (byte)(((all >> ShiftOf(kind)) & 3) - 1);

    private static int ShiftOf(SubscriptionKind kind) => 2 * (int)kind;
}
