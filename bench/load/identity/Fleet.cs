using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Identity;
using Gatehouse.Keys;

namespace Gatehouse.Bench.Identity;

/// <summary>One hub in memory, with devices that have sealed keys as the store holds them: what a judgement costs without the read of an identity.</summary>
internal sealed class Fleet : ICredentialSource, IDisposable
{
    internal const string Host = "hub.example.com";

    private readonly HubEntry hub = new(HubName.Parse("hub"), [Host]);
    private readonly Dictionary<IdentityKey, IdentityCredentials> identities = [];
    private readonly SecretVault vault;
    private readonly Lazy<DerivationKey> derivation;

    /// <param name="hsm">Where keys stay; null where data keys alone seal them.</param>
    internal Fleet(KeyStoreAddress? hsm)
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-bench-identity-").FullName;
        var keys = Path.Combine(folder, "keys");
        vault = hsm is null ? SecretVault.Open(keys) : SecretVault.Open(keys, new KeyStores(keys, hsm), isHsmOnly: true);
        Directory.Delete(folder, recursive: true);
        derivation = new(() => new DerivationKey(vault.Seal(RandomNumberGenerator.GetBytes(32), "hub/derivation/1/key"), "hub/derivation/1/key"));
        Authenticator = new DeviceAuthenticator(this, vault, TimeProvider.System);
    }

    internal DeviceAuthenticator Authenticator { get; }

    internal TrustAnchors Anchors { get; set; } = new([]);

    public void Dispose() => vault.Dispose();

    /// <summary>Adds a device with two keys, stored or derived, and returns a login with a token of one of them.</summary>
    internal DeviceLogin AddWithToken(string id, bool isSecondary, bool isDerived = false)
    {
        var binding = $"hub/identities/{id}";
        var (first, second) = isDerived ? (Draw(1), Draw(2)) : (vault.Seal(RandomNumberGenerator.GetBytes(32), binding), vault.Seal(RandomNumberGenerator.GetBytes(32), binding));
        var identity = Add(new IdentityCredentials
        {
            Identity = new IdentityKey(DeviceId.Parse(id)),
            Kind = CredentialKind.Sas,
            IsEnabled = true,
            GenerationId = "1",
            KeyBinding = binding,
            PrimaryKey = first,
            SecondaryKey = second,
        });
        var resource = $"{Host}%2Fdevices%2F{id}";
        var expiry = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();
        return Login(identity, resource, expiry, HMACSHA256.HashData(vault.Reveal(isSecondary ? second : first, binding), Encoding.ASCII.GetBytes($"{resource}\n{expiry}")));
    }

    internal DeviceLogin AddWithCertificate(string id, PeerCertificate certificate) => new(
        Host,
        Add(new IdentityCredentials { Identity = new IdentityKey(DeviceId.Parse(id)), Kind = CredentialKind.CertificateAuthority, IsEnabled = true, GenerationId = "1", KeyBinding = "" }),
        Token: null,
        certificate);

    internal static DeviceLogin Login(IdentityKey identity, string resource, long expiry, ReadOnlySpan<byte> signature) =>
        new(Host, identity, $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(Convert.ToBase64String(signature))}&se={expiry}", Certificate: null);

    public HubEntry? FindHub(ReadOnlySpan<char> hostName) => hostName.SequenceEqual(Host) ? hub : null;

    public ValueTask<IdentityCredentials?> FindIdentityAsync(HubName hub, IdentityKey identity, CancellationToken cancellationToken) => new(identities.GetValueOrDefault(identity));

    public ValueTask<PolicyCredentials?> FindPolicyAsync(HubName hub, string policyName, CancellationToken cancellationToken) => new((PolicyCredentials?)null);

    public ValueTask<TrustAnchors> FindTrustAnchorsAsync(HubName hub, CancellationToken cancellationToken) => new(Anchors);

    private SealedSecret Draw(byte slot) => new(DerivedSecret.Draw(1, slot), derivation.Value);

    private IdentityKey Add(IdentityCredentials made)
    {
        identities[made.Identity] = made;
        return made.Identity;
    }
}
