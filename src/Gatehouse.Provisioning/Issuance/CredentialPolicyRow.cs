using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>A row of <c>credential_policies</c>: the CA of a policy, and what it issues.</summary>
internal sealed record CredentialPolicyRow
{
    public string Service { get; init; } = "";

    public string Id { get; init; } = "";

    /// <summary>The id in the case that it was given in.</summary>
    public string Name { get; init; } = "";

    public string GenerationId { get; init; } = "";

    public string Etag { get; init; } = "";

    /// <summary>Of the CA; base64 of DER.</summary>
    public string Certificate { get; init; } = "";

    /// <summary>Of the CA; PKCS #8, sealed under <see cref="Binding"/>. Empty where the key lies in a key store.</summary>
    public byte[] PrivateKey { get; init; } = [];

    /// <summary>Address of the CA's key in a key store of the server; empty where it is sealed here.</summary>
    public string SigningKey { get; init; } = "";

    public long ValidityDays { get; init; }

    /// <summary>Words of <see cref="KeyTypes"/>, one per line.</summary>
    public string KeyTypes { get; init; } = "";

    public long Created { get; init; }

    public long Changed { get; init; }

    /// <summary>Changes with everything that a CA is opened by.</summary>
    internal string Version => $"{GenerationId}/{Etag}";

    internal string Binding => $"{Service}/credential-policies/{Id}/{GenerationId}/private-key";

    internal SealedSecret Key => new(PrivateKey);

    internal IReadOnlyList<string> PermittedKeyTypes => KeyTypes.Split('\n');

    /// <summary>Never the key.</summary>
    public override string ToString() => $"credential policy {Name} ***";
}
