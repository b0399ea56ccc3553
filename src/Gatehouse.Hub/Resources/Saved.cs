namespace Gatehouse.Hub.Resources;

/// <summary>What a write made of a resource.</summary>
/// <param name="Value">As it is now.</param>
/// <param name="IsNew">True when it was not there before.</param>
public readonly record struct Saved<T>(T Value, bool IsNew);
