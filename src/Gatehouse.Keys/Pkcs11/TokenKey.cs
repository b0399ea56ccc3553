using Net.Pkcs11Interop.HighLevelAPI;

namespace Gatehouse.Keys.Pkcs11;

/// <summary>A key as it was found in a session; the object is of no use after it.</summary>
/// <param name="Key">The secret or private key.</param>
/// <param name="Id">CKA_ID in hexadecimal, else the label.</param>
/// <param name="Modulus">Of an RSA key; null for AES.</param>
/// <param name="Exponent">Of an RSA key.</param>
internal sealed record TokenKey(IObjectHandle Key, string Id, byte[]? Modulus, byte[]? Exponent)
{
    internal string Mechanism => Modulus is null ? "AES-256-GCM in the token" : $"RSA-{Modulus.Length * 8} OAEP in the token";
}
