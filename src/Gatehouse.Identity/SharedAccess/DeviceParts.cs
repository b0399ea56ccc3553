using Gatehouse.Contracts.Access;

namespace Gatehouse.Identity.SharedAccess;

/// <summary>What a token is good for whose scope goes on below its device or module: that part of the device's right, and nothing else.</summary>
/// <remarks>The words are those of the service's own paths over HTTPS and AMQP, as device-plane §3 and §2.3 of the wire reference have them.</remarks>
internal static class DeviceParts
{
    /// <param name="rest">What follows the identity in the scope; words in any case.</param>
    /// <param name="arePartsTaken">Whether the hub looks at parts; the service refuses such a token altogether.</param>
    internal static Rights Of(ReadOnlySpan<string> rest, bool arePartsTaken) => rest switch
    {
        [] => Rights.DeviceConnect,
        _ when !arePartsTaken => Rights.None,
        [var messages, var events] when Is(messages, "messages") && Is(events, "events") => Rights.DeviceTelemetry,
        [var messages, var bound] when Is(messages, "messages") && Is(bound, "devicebound") => Rights.DeviceMessages,
        [var methods] when Is(methods, "methods") => Rights.DeviceMethods,
        [var twin] when Is(twin, "twin") => Rights.DeviceTwin,
        [var files] when Is(files, "files") => Rights.DeviceFiles,
        _ => Rights.None,
    };

    private static bool Is(string segment, string word) => segment.Equals(word, StringComparison.OrdinalIgnoreCase);
}
