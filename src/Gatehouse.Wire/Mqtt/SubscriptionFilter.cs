using Gatehouse.Contracts.Identities;

namespace Gatehouse.Wire.Mqtt;

/// <summary>What a device or module can subscribe to.</summary>
public enum SubscriptionKind
{
    CloudToDevice,
    ModuleInputs,
    Methods,
    TwinResponses,
    DesiredProperties,
    Credentials,
}

/// <summary>The filters that the service knows. Literals under <c>$iothub</c> are taken in any case; ids are compared exactly.</summary>
/// <remarks>Source: IoT Hub "Communicate with your IoT hub using MQTT" page; module inputs as the C#, C, Node and Python clients write them.</remarks>
public static class SubscriptionFilter
{
    /// <summary>Finds the kind; false for anything that is not this identity's.</summary>
    public static bool TryMatch(string filter, IdentityKey identity, out SubscriptionKind kind)
    {
        if (filter.StartsWith('$'))
        {
            return TryMatchReserved(filter, out kind);
        }

        if (identity.Module is not { } module)
        {
            kind = SubscriptionKind.CloudToDevice;
            return filter == $"devices/{identity.Device}/messages/devicebound/#";
        }

        kind = SubscriptionKind.ModuleInputs;
        var prefix = $"devices/{identity.Device}/modules/{module}/";
        return filter.StartsWith(prefix, StringComparison.Ordinal) && filter[prefix.Length..] is "#" or "inputs/#";
    }

    private static bool TryMatchReserved(string filter, out SubscriptionKind kind)
    {
        (var known, kind) = filter.ToUpperInvariant() switch
        {
            "$IOTHUB/METHODS/POST/#" => (true, SubscriptionKind.Methods),
            "$IOTHUB/TWIN/RES/#" => (true, SubscriptionKind.TwinResponses),
            "$IOTHUB/TWIN/PATCH/PROPERTIES/DESIRED/#" => (true, SubscriptionKind.DesiredProperties),
            "$IOTHUB/CREDENTIALS/RES/#" => (true, SubscriptionKind.Credentials),
            _ => (false, default),
        };
        return known;
    }
}
