using Net.Pkcs11Interop.HighLevelAPI;

namespace Gatehouse.Keys.Pkcs11;

/// <summary>A signing key as it was found in a session; the object is of no use after it.</summary>
/// <param name="Key">The private key.</param>
/// <param name="Public">SubjectPublicKeyInfo.</param>
/// <param name="IsRsa">Else it is elliptic.</param>
internal sealed record TokenSigningKey(IObjectHandle Key, byte[] Public, bool IsRsa);
