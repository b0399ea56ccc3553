namespace Gatehouse.ServiceApi.Operator.WrappingKeys;

/// <summary>Body of use and move: a key's address.</summary>
internal sealed record KeyBody(string? Key);

/// <summary>Body of create: a key's address, its use (<c>wrapping</c>, the default, or <c>signing</c>), and the type of a key that signs.</summary>
internal sealed record CreateKeyBody(string? Key, string? Use, string? Type);

/// <summary>Body of a request for a certificate: the address of a signing key, and the name of the CA.</summary>
internal sealed record KeyRequestBody(string? Key, string? Subject);

/// <summary>Body of rotate.</summary>
internal sealed record RotateKeyBody(string? Key);
