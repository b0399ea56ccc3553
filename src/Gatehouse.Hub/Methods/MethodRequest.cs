namespace Gatehouse.Hub.Methods;

/// <summary>A call on its way to the device.</summary>
/// <param name="Id">Names the call; the answer must bear it.</param>
/// <param name="Name">Method.</param>
/// <param name="Payload">JSON in UTF-8, never empty; may be kept.</param>
public readonly record struct MethodRequest(Guid Id, string Name, ReadOnlyMemory<byte> Payload);
