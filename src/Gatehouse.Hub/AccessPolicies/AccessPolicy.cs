using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Keys;

namespace Gatehouse.Hub.AccessPolicies;

/// <summary>A shared access policy with its keys in the open: for callers that hold all rights, and for nobody else.</summary>
public sealed class AccessPolicy
{
    public required string Name { get; init; }

    public required Rights Rights { get; init; }

    /// <summary>Base64.</summary>
    public required string PrimaryKey { get; init; }

    public required string SecondaryKey { get; init; }

    public required string ETag { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Updated { get; init; }

    public override string ToString() => $"policy {Name} ***";

    internal static AccessPolicy From(PolicyRow row, SecretVault vault) => new()
    {
        Name = row.Name,
        Rights = (Rights)row.Rights,
        PrimaryKey = Reveal(row.PrimaryKey, row, vault),
        SecondaryKey = Reveal(row.SecondaryKey, row, vault),
        ETag = ETagOf(row),
        Created = new DateTimeOffset(row.Created, TimeSpan.Zero),
        Updated = new DateTimeOffset(row.Changed, TimeSpan.Zero),
    };

    /// <summary>The time of the change, which never repeats for a policy, with the generation that tells a recreated policy from its predecessor.</summary>
    internal static string ETagOf(PolicyRow row) => string.Create(CultureInfo.InvariantCulture, $"{row.Changed:X}-{row.GenerationId}");

    private static string Reveal(byte[] sealedKey, PolicyRow row, SecretVault vault)
    {
        var key = vault.Reveal(new SealedSecret(sealedKey), row.Binding);
        var text = Convert.ToBase64String(key);
        CryptographicOperations.ZeroMemory(key);
        return text;
    }
}

/// <summary>What a caller wants a policy to be. A key that is null or empty is generated.</summary>
public sealed class AccessPolicyChange
{
    public required Rights Rights { get; init; }

    /// <summary>Base64 of 16–64 bytes.</summary>
    public string? PrimaryKey { get; init; }

    public string? SecondaryKey { get; init; }

    public override string ToString() => "***";
}

/// <summary>What to do with the keys of a policy; words of <c>az iot hub policy renew-key</c>.</summary>
public enum KeyRenewal
{
    /// <summary>A new primary key.</summary>
    Primary,

    /// <summary>A new secondary key.</summary>
    Secondary,

    /// <summary>The two change places.</summary>
    Swap,
}
