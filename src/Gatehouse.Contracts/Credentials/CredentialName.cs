namespace Gatehouse.Contracts.Credentials;

/// <summary>What use tracking calls the credentials of a hub.</summary>
public static class CredentialName
{
    /// <summary>Primary key of a device or module.</summary>
    public const string PrimaryKey = "primaryKey";

    /// <summary>Secondary key of a device or module.</summary>
    public const string SecondaryKey = "secondaryKey";

    /// <summary>Primary thumbprint of a device or module.</summary>
    public const string PrimaryThumbprint = "primaryThumbprint";

    /// <summary>Secondary thumbprint of a device or module.</summary>
    public const string SecondaryThumbprint = "secondaryThumbprint";

    /// <summary>Begin of the names of a policy's keys.</summary>
    public const string PolicyPrefix = "policy/";

    /// <summary>Begin of the names of CAs.</summary>
    public const string AuthorityPrefix = "authority/";

    /// <summary><c>policy/{name}/primaryKey</c>.</summary>
    /// <param name="policy">Name of the policy.</param>
    /// <param name="key"><see cref="PrimaryKey"/> or <see cref="SecondaryKey"/>.</param>
    public static string OfPolicy(string policy, string key) => $"{PolicyPrefix}{policy}/{key}";

    /// <summary><c>authority/{SHA-256}</c>: the verified CA that a path ended at.</summary>
    public static string OfAuthority(string thumbprint) => AuthorityPrefix + thumbprint;
}

/// <summary>The way from a device's certificate up to a verified CA. One object for all devices of one CA that show the same certificates.</summary>
/// <param name="Credential">Name of the CA, by <see cref="CredentialName.OfAuthority"/>.</param>
/// <param name="Shown">SHA-256 of the certificates that the device sends beside its own, hexadecimal in capitals, one space between; empty when it sends none.</param>
public sealed record IssuerPath(string Credential, string Shown);
