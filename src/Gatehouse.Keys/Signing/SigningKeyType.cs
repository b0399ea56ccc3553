namespace Gatehouse.Keys.Signing;

/// <summary>Kinds of signing keys that stores make.</summary>
public enum SigningKeyType
{
    /// <summary>ECDSA over NIST P-256, with SHA-256.</summary>
    EcP256,

    /// <summary>ECDSA over NIST P-384, with SHA-384.</summary>
    EcP384,

    /// <summary>RSA of 3072 bits, PKCS #1 v1.5 with SHA-256.</summary>
    Rsa3072,
}

/// <summary>Their words.</summary>
public static class SigningKeyTypes
{
    public const string Forms = "ec-p256, ec-p384 or rsa-3072";

    public static bool TryParse(string? word, out SigningKeyType type)
    {
        (var isKnown, type) = word switch
        {
            "ec-p256" => (true, SigningKeyType.EcP256),
            "ec-p384" => (true, SigningKeyType.EcP384),
            "rsa-3072" => (true, SigningKeyType.Rsa3072),
            _ => (false, default),
        };
        return isKnown;
    }

    public static string WordOf(SigningKeyType type) => type switch
    {
        SigningKeyType.EcP256 => "ec-p256",
        SigningKeyType.EcP384 => "ec-p384",
        _ => "rsa-3072",
    };
}
