namespace Gatehouse.Hub.Queries;

/// <summary>A page of an answer.</summary>
/// <param name="ItemType">Value of <c>x-ms-item-type</c>: <c>Twin</c>, <c>DeviceJob</c> or <c>Raw</c>.</param>
/// <param name="Json">A JSON array, UTF-8.</param>
/// <param name="Continuation">To be handed back with the same query for the next page; null when this is the last.</param>
public sealed record QueryPage(string ItemType, ReadOnlyMemory<byte> Json, string? Continuation);
