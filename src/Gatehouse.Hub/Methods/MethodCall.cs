namespace Gatehouse.Hub.Methods;

/// <summary>A direct method as a back end calls it.</summary>
/// <param name="Name">1–128 printable ASCII characters without space and <c>$ ( ) &lt; &gt; @ , ; : \ " / [ ] ? = { }</c>.</param>
/// <param name="Payload">One JSON value in UTF-8; empty stands for <c>null</c>.</param>
/// <param name="ConnectTimeout">How long to wait for a device that is not connected. 0–300 s.</param>
/// <param name="ResponseTimeout">How long to wait for the answer of one that is. 5–300 s.</param>
/// <remarks>Source: IoT Hub "Understand and invoke direct methods" page.</remarks>
public sealed record MethodCall(string Name, ReadOnlyMemory<byte> Payload, TimeSpan ConnectTimeout, TimeSpan ResponseTimeout)
{
    /// <summary>30 s, when the caller names none.</summary>
    public static TimeSpan DefaultResponseTimeout { get; } = TimeSpan.FromSeconds(30);
}
