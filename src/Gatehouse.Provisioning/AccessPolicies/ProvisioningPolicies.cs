using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Identity.SharedAccess;
using Gatehouse.Keys;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.AccessPolicies;

/// <summary>The shared access policies of a provisioning service.</summary>
/// <remarks>Source: Device Provisioning Service "Control access" page.</remarks>
public sealed class ProvisioningPolicies
{
    /// <summary>The policy that every service is born with; it holds all rights.</summary>
    public const string OwnerName = "provisioningserviceowner";

    private const int KeyBytes = 32;

    private readonly Database database;
    private readonly SecretVault vault;
    private readonly TimeProvider time;

    internal ProvisioningPolicies(Database database, SecretVault vault, TimeProvider time) => (this.database, this.vault, this.time) = (database, vault, time);

    public async Task<IReadOnlyList<ProvisioningPolicy>> ListAsync(HubName service, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync((connection, token) => PolicyRows.ReadAllAsync(connection, service, token), cancellationToken);
        return [.. rows.Select(row => new ProvisioningPolicy(row.Name, (Rights)row.Rights, Reveal(row, row.PrimaryKey), Reveal(row, row.SecondaryKey)))];
    }

    /// <summary>What a connection string says of the policy with all rights: its name, and its key or a token of it.</summary>
    /// <param name="service">Whose policies.</param>
    /// <param name="hostName">That a token is for.</param>
    /// <param name="end">When a token ends (<see cref="ConnectionSecret"/>).</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="KeysException">The key does not open, or the HSM cannot be reached.</exception>
    public async Task<string> OwnerCredentialAsync(HubName service, string hostName, DateTimeOffset end, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync((connection, token) => PolicyRows.ReadAllAsync(connection, service, token), cancellationToken);
        var owner = rows.First(static row => (Rights)row.Rights == Rights.ProvisioningOwner);
        return $"SharedAccessKeyName={owner.Name};{ConnectionSecret.Of(vault, new SealedSecret(owner.PrimaryKey), owner.Binding, owner.Name, hostName, end)}";
    }

    internal async Task CreateBuiltInAsync(WriteTransaction transaction, HubName service, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcTicks;
        var generation = Guid.NewGuid().ToString("N");
        var binding = PolicyRow.BindingOf(service.Value, OwnerName, generation);
        await PolicyRows.InsertAsync(
            transaction,
            new PolicyRow
            {
                Service = service.Value,
                Name = OwnerName,
                GenerationId = generation,
                Rights = (long)Rights.ProvisioningOwner,
                PrimaryKey = NewKey(binding),
                SecondaryKey = NewKey(binding),
                Created = now,
                Changed = now,
                PrimaryMade = now,
                SecondaryMade = now,
            },
            cancellationToken);
        transaction.Audit(new AuditRecord
        {
            Hub = service.Value,
            Actor = "server",
            Action = "provisioningpolicy.create",
            Subject = OwnerName,
            Detail = new JsonObject { ["rights"] = Rights.ProvisioningOwner.ToString() }.ToJsonString(),
        });
    }

    private byte[] NewKey(string binding)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        RandomNumberGenerator.Fill(key);
        var blob = vault.Seal(key, binding).Blob.ToArray();
        CryptographicOperations.ZeroMemory(key);
        return blob;
    }

    private string Reveal(PolicyRow row, byte[] blob)
    {
        var key = vault.Reveal(new SealedSecret(blob), row.Binding);
        var text = Convert.ToBase64String(key);
        CryptographicOperations.ZeroMemory(key);
        return text;
    }
}
