namespace Gatehouse.Hub.WrappingKeys;

/// <summary>The keys that seal what is stored, and the keys that wrap those.</summary>
/// <param name="WrappingKey">Address of the key that wraps the data keys.</param>
/// <param name="WrappingKeyId">Its id.</param>
/// <param name="DataKeys">Ids of the data keys, oldest first; the last one seals.</param>
/// <param name="Stores">The stores that the server may use.</param>
public sealed record KeyOverview(string WrappingKey, string WrappingKeyId, IReadOnlyList<int> DataKeys, IReadOnlyList<KeyStoreView> Stores);

/// <summary>One store.</summary>
/// <param name="Name"><c>file</c>, <c>pkcs11:token=LABEL</c> or <c>tpm</c>.</param>
/// <param name="Keys">The wrapping keys in it; none of a TPM, which keeps no list of them.</param>
/// <param name="Problem">Why it cannot be reached; null when it can.</param>
public sealed record KeyStoreView(string Name, IReadOnlyList<WrappingKeyView> Keys, string? Problem);

/// <summary>One wrapping key.</summary>
/// <param name="Key">Its address.</param>
/// <param name="Id">Null where it cannot be used.</param>
/// <param name="Mechanism">How it wraps; null where it cannot be used.</param>
/// <param name="IsInUse">Whether it wraps the data keys.</param>
/// <param name="Problem">Why it cannot be used; null where it can.</param>
public sealed record WrappingKeyView(string Key, string? Id, string? Mechanism, bool IsInUse, string? Problem);
