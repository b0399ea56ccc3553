using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Gateway.Telemetry;

/// <summary>What the hub says of a message's sender, over every protocol; a device cannot say it itself.</summary>
/// <remarks>Source: IoT Hub "Create and read IoT Hub messages" page, anti-spoofing properties.</remarks>
internal static class TelemetryStamps
{
    /// <summary>The stamps of one session or link, encoded once.</summary>
    internal static byte[] Encode(Principal principal, string? modelId)
    {
        var identity = principal.Identity!.Value;
        return EventWriter.EncodeFields(
            (EventField.ConnectionDeviceId, identity.Device.Value),
            (EventField.ConnectionModuleId, identity.Module?.Value),
            (EventField.ConnectionAuthMethod, principal.ConnectionAuthMethod),
            (EventField.ConnectionAuthGenerationId, principal.GenerationId),
            (EventField.MessageSource, "Telemetry"),
            (EventField.ModelId, modelId));
    }

    /// <summary>Whether a property has a name that only the hub may use: a device's is dropped.</summary>
    internal static bool IsOwnName(ReadOnlySpan<byte> key) => key.StartsWith("iothub-connection-"u8);
}
