using Gatehouse.Identity.X509;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>Words for kinds of keys, on the wire and in the store.</summary>
internal static class KeyTypes
{
    internal const string Rule = "ec-p256, ec-p384, ec-p521 and rsa (2048 to 4096 bits)";

    /// <summary>What a policy permits that names none.</summary>
    /// <remarks>The service's preview takes P-384 only; unmodified tools make P-256 first of all.</remarks>
    internal static IReadOnlyList<string> Default { get; } = ["ec-p256", "ec-p384"];

    private static readonly string[] All = ["ec-p256", "ec-p384", "ec-p521", "rsa"];

    internal static string Of(PublicKeyKind kind) => kind switch
    {
        PublicKeyKind.P256 => "ec-p256",
        PublicKeyKind.P384 => "ec-p384",
        PublicKeyKind.P521 => "ec-p521",
        _ => "rsa",
    };

    /// <summary>As the inventory tells it, an RSA key with its bits.</summary>
    internal static string Describe((PublicKeyKind Kind, int Bits) key) => key.Kind == PublicKeyKind.Rsa ? $"rsa-{key.Bits}" : Of(key.Kind);

    /// <summary>The words in the order above, each once; null when there is none, or one that is unknown.</summary>
    internal static IReadOnlyList<string>? Read(IReadOnlyList<string?> given) =>
        given.Count is > 0 and <= 16 && given.All(each => All.Contains(each, StringComparer.OrdinalIgnoreCase)) ? [.. All.Where(word => given.Contains(word, StringComparer.OrdinalIgnoreCase))] : null;
}
