using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.Identity.Tests;

/// <summary>One hub, its identities and policies in memory, with a real vault. Counts what is asked for.</summary>
internal sealed class MemoryCredentials : ICredentialSource
{
    internal const string Host = "hub.example.com";

    // One for all tests: what is sealed is bound to its row, and opening a vault waits for the disk.
    private static readonly Lazy<SecretVault> Shared = new(OpenVault);

    private readonly Dictionary<IdentityKey, IdentityCredentials> identities = [];
    private readonly Dictionary<string, PolicyCredentials> policies = [];
    private HubEntry hub = new(HubName.Parse("hub"), [Host, "gateway.example.com", "::1"]);

    internal SecretVault Vault { get; } = Shared.Value;

    /// <summary>What the hub asks of proofs.</summary>
    internal Strictness Strictness
    {
        get => hub.Strictness;
        set => hub = hub with { Strictness = value };
    }

    internal TrustAnchors Anchors { get; set; } = new([]);

    /// <summary>How often an identity was asked for.</summary>
    internal int Lookups { get; private set; }

    internal static IdentityKey Identity(string text) => IdentityKey.TryParse(text, out var key) ? key : throw new FormatException(text);

    /// <summary>The bytes of a key that a test knows by name.</summary>
    internal static byte[] Key(string name) => Encoding.ASCII.GetBytes($"the very secret key of {name}");

    /// <summary>SAS keys are <c>{id}-1</c> and <c>{id}-2</c>.</summary>
    internal void AddDevice(string id, CredentialKind kind = CredentialKind.Sas, Func<IdentityCredentials, IdentityCredentials>? change = null)
    {
        var binding = $"hub/identities/{id}";
        var isSas = kind == CredentialKind.Sas;
        var made = new IdentityCredentials
        {
            Identity = Identity(id),
            Kind = kind,
            IsEnabled = true,
            GenerationId = "g1",
            KeyBinding = binding,
            PrimaryKey = isSas ? Vault.Seal(Key(id + "-1"), binding) : null,
            SecondaryKey = isSas ? Vault.Seal(Key(id + "-2"), binding) : null,
        };
        identities[made.Identity] = change?.Invoke(made) ?? made;
    }

    internal void AddPolicy(string name, Rights rights, Func<PolicyCredentials, PolicyCredentials>? change = null)
    {
        var binding = $"hub/policies/{name}";
        var made = new PolicyCredentials
        {
            Name = name,
            Rights = rights,
            KeyBinding = binding,
            PrimaryKey = Vault.Seal(Key(name + "-1"), binding),
            SecondaryKey = Vault.Seal(Key(name + "-2"), binding),
        };
        policies[name] = change?.Invoke(made) ?? made;
    }

    internal void Remove(string id) => identities.Remove(Identity(id));

    internal DeviceAuthenticator Devices(DateTimeOffset now, IdentityOptions? options = null) => new(this, Vault, new FakeTimeProvider(now), options);

    internal PolicyAuthenticator Policies(DateTimeOffset now, IdentityOptions? options = null) => new(this, Vault, new FakeTimeProvider(now), options);

    public HubEntry? FindHub(ReadOnlySpan<char> hostName)
    {
        var bare = hostName.ToString();
        var colon = bare.LastIndexOf(':');
        bare = bare.StartsWith('[') ? bare[1..bare.IndexOf(']', StringComparison.Ordinal)] : colon > 0 ? bare[..colon] : bare;
        return hub.HostNames.Contains(bare, StringComparer.OrdinalIgnoreCase) ? hub : null;
    }

    public HubEntry? FindHubByLabel(ReadOnlySpan<char> label) => label.Equals(hub.Name.Value, StringComparison.OrdinalIgnoreCase) ? hub : FindHub(label);

    public ValueTask<IdentityCredentials?> FindIdentityAsync(HubName hub, IdentityKey identity, CancellationToken cancellationToken)
    {
        Lookups++;
        return new(identities.GetValueOrDefault(identity));
    }

    public ValueTask<PolicyCredentials?> FindPolicyAsync(HubName hub, string policyName, CancellationToken cancellationToken) => new(policies.GetValueOrDefault(policyName));

    public ValueTask<TrustAnchors> FindTrustAnchorsAsync(HubName hub, CancellationToken cancellationToken) => new(Anchors);

    private static SecretVault OpenVault()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-identity-").FullName;
        try
        {
            return SecretVault.Open(Path.Combine(folder, "keys"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
