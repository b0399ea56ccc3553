namespace Gatehouse.Hub.Methods;

/// <summary>What the device answered.</summary>
/// <param name="Status">The device's own number; any.</param>
/// <param name="Payload">One JSON value in UTF-8, <c>null</c> when the device sent none.</param>
public sealed record MethodAnswer(int Status, ReadOnlyMemory<byte> Payload);
