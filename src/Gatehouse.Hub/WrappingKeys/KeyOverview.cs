namespace Gatehouse.Hub.WrappingKeys;

/// <summary>The keys that seal what is stored, and the keys that wrap those.</summary>
/// <param name="WrappingKey">Address of the key that wraps the data keys.</param>
/// <param name="WrappingKeyId">Its id.</param>
/// <param name="DataKeys">Ids of the data keys, oldest first; the last one seals.</param>
/// <param name="Stores">The stores that the server may use.</param>
public sealed record KeyOverview(string WrappingKey, string WrappingKeyId, IReadOnlyList<int> DataKeys, IReadOnlyList<KeyStoreView> Stores);

/// <summary>One store.</summary>
/// <param name="Name"><c>file</c>, <c>pkcs11:token=LABEL</c> or <c>tpm</c>.</param>
/// <param name="Keys">The keys in it; none of a TPM, which keeps no list of them.</param>
/// <param name="Problem">Why it cannot be reached; null when it can.</param>
public sealed record KeyStoreView(string Name, IReadOnlyList<StoredKeyView> Keys, string? Problem);

/// <summary>One key.</summary>
/// <param name="Key">Its address.</param>
/// <param name="Id">Null where it cannot be used.</param>
/// <param name="Use"><c>wrapping</c>, <c>signing</c> or <c>secrets</c> (they stay in the HSM under it).</param>
/// <param name="Mechanism">How it wraps or signs; null where it cannot be used.</param>
/// <param name="IsInUse">Whether it wraps the data keys.</param>
/// <param name="Problem">Why it cannot be used; null where it can.</param>
public sealed record StoredKeyView(string Key, string? Id, string Use, string? Mechanism, bool IsInUse, string? Problem);

/// <summary>A signing key that was made, or has signed a request.</summary>
/// <param name="Key">Its address.</param>
/// <param name="Id">Its id.</param>
/// <param name="Use"><c>signing</c>.</param>
/// <param name="Type"><c>ec-p256</c>, <c>ec-p384</c> or <c>rsa-</c> and its bits.</param>
/// <param name="Mechanism">How it signs.</param>
/// <param name="PublicKey">SubjectPublicKeyInfo, PEM.</param>
/// <param name="Csr">PKCS #10, PEM; null where none was asked for.</param>
public sealed record SigningKeyView(string Key, string Id, string Use, string Type, string Mechanism, string PublicKey, string? Csr = null);
