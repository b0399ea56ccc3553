using Gatehouse.Contracts.Access;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>What a session may hear and ask beside telemetry, by the table of operations: all of it, unless its token is made for a part of its device.</summary>
internal static class SessionRights
{
    internal static bool MayHear(Rights held, SubscriptionKind kind) => RowOf(kind).IsAllowed(held);

    internal static bool MayAsk(Rights held, ReservedTopicKind kind) => RowOf(kind).IsAllowed(held);

    /// <summary>Those subscriptions that it may hear. Others stay stored for a session that may.</summary>
    internal static long Heard(Rights held, long subscriptions)
    {
        if ((held & Rights.DeviceConnect) != 0)
        {
            return subscriptions;
        }

        foreach (var kind in Enum.GetValues<SubscriptionKind>())
        {
            subscriptions = MayHear(held, kind) ? subscriptions : Subscriptions.Remove(subscriptions, kind);
        }

        return subscriptions;
    }

    private static Operation RowOf(SubscriptionKind kind) => kind switch
    {
        SubscriptionKind.CloudToDevice or SubscriptionKind.ModuleInputs => Operations.ReceiveCloudToDeviceMessage,
        SubscriptionKind.Methods => Operations.ReceiveMethodCall,
        SubscriptionKind.TwinResponses => Operations.ReadOwnTwin,
        SubscriptionKind.DesiredProperties => Operations.ObserveDesiredProperties,
        _ => Operations.IssueCertificate,
    };

    private static Operation RowOf(ReservedTopicKind kind) => kind switch
    {
        ReservedTopicKind.MethodAnswer => Operations.ReceiveMethodCall,
        ReservedTopicKind.TwinGet => Operations.ReadOwnTwin,
        ReservedTopicKind.TwinReport => Operations.UpdateReportedProperties,
        _ => Operations.IssueCertificate,
    };
}
