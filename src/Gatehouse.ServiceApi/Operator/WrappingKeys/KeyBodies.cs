namespace Gatehouse.ServiceApi.Operator.WrappingKeys;

/// <summary>Body of create, use and move: a key's address.</summary>
internal sealed record KeyBody(string? Key);

/// <summary>Body of rotate.</summary>
internal sealed record RotateKeyBody(string? Key);
