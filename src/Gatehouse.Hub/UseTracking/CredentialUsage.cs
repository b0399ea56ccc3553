using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Certificates;
using Gatehouse.Store;

namespace Gatehouse.Hub.UseTracking;

/// <summary>Who uses which credential of a hub: the port for rotation, the radar and operators.</summary>
/// <remarks>
/// A use belongs to the credential as it is registered now: of a key that was regenerated, swapped, or set once more, there is none until somebody uses it again (whoever stays connected is judged anew, and counts at once).
/// Answers hold all that happened on this node; other nodes are up to five seconds behind, and after a crash the last seconds are missing.
/// </remarks>
public sealed class CredentialUsage(Database database, UseRecorder recorder, UseWriter writer, LiveUseCount live, CaCertificates authorities)
{
    /// <summary>Identities (and back ends, whose identity is null) that have used it since, in the order of ids; each with its credential, where the selector means several.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="selector">What.</param>
    /// <param name="since">Only uses at or after this time; <see cref="DateTimeOffset.MinValue"/> for all.</param>
    /// <param name="after">Only what follows this place; default for the first page.</param>
    /// <param name="max">At most so many; 1 or more.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    public async Task<UsePage> FindAsync(HubName hub, CredentialSelector selector, DateTimeOffset since, UsePlace after, int max, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        var found = await database.ReadAsync((connection, cancel) => UseRows.FindAsync(connection, database.Dialect, hub, selector, since.UtcTicks, after, max + 1, cancel), cancellationToken);
        return found.Count <= max ? new UsePage(found, null) : new UsePage([.. found.Take(max)], UsePlace.Of(found[max - 1]));
    }

    /// <summary>How many identities have used it since, and when it was last used by anybody (null: never since).</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="selector">What.</param>
    /// <param name="since">Only uses at or after this time.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    public async Task<UseCount> CountAsync(HubName hub, CredentialSelector selector, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        return await database.ReadAsync((connection, cancel) => UseRows.CountAsync(connection, database.Dialect, hub, selector, since.UtcTicks, cancel), cancellationToken);
    }

    /// <summary>Sessions, and rights on AMQP connections, that stand on it now, on all nodes that answer within a second. A token that would still be good for hours counts as long as its session is open.</summary>
    public Task<LiveCount> CountLiveAsync(HubName hub, CredentialSelector selector, CancellationToken cancellationToken) => live.CountAsync(hub, selector, cancellationToken);

    /// <summary>All uses of one identity, the latest first; empty for one that was never seen.</summary>
    public async Task<IReadOnlyList<CredentialUse>> OfAsync(HubName hub, IdentityKey identity, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        return await database.ReadAsync((connection, cancel) => UseRows.ReadAsync(connection, database.Dialect, hub, identity, cancel), cancellationToken);
    }

    /// <summary>Every key of every policy and every verified CA, used or not, and the keys and thumbprints of identities; then TLS versions and software. Counts of live sessions are this node's.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="since">Only uses at or after this time are counted.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    public async Task<UseSummary> SummarizeAsync(HubName hub, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        var certificates = (await authorities.ListAsync(hub, cancellationToken)).Where(static each => each.IsVerified).ToDictionary(static each => CredentialName.OfAuthority(each.ThumbprintSha256), static each => each.Name);
        var (credentials, versions, software, policies) = await database.ReadAsync(
            async (connection, cancel) => (
                await UseRows.TotalAsync(connection, database.Dialect, hub, "credential", since.UtcTicks, cancel),
                await UseRows.TotalAsync(connection, database.Dialect, hub, "tls_version", since.UtcTicks, cancel),
                await UseRows.TotalAsync(connection, database.Dialect, hub, "software", since.UtcTicks, cancel),
                await PolicyRows.ReadAllAsync(connection, hub, cancel)),
            cancellationToken);
        var used = credentials.ToDictionary(static each => each.Name);
        var connected = recorder.Live(hub).GroupBy(static each => each.Principal.CredentialName ?? "").ToDictionary(static each => each.Key, static each => each.Count());
        string[] known =
        [
            CredentialName.PrimaryKey, CredentialName.SecondaryKey, CredentialName.PrimaryThumbprint, CredentialName.SecondaryThumbprint,
            .. policies.SelectMany(static each => new[] { CredentialName.OfPolicy(each.Name, CredentialName.PrimaryKey), CredentialName.OfPolicy(each.Name, CredentialName.SecondaryKey) }),
            .. certificates.Keys,
        ];
        return new UseSummary(
            [.. known.Select(name => new CredentialTotal(name, certificates.GetValueOrDefault(name), used.GetValueOrDefault(name)?.Identities ?? 0, used.GetValueOrDefault(name)?.LastUsed, connected.GetValueOrDefault(name)))],
            versions,
            software);
    }
}

/// <summary>A place in the order of uses.</summary>
/// <param name="Identity">Null: back ends, which come first.</param>
/// <param name="Credential">Its credential; null before the first.</param>
public readonly record struct UsePlace(IdentityKey? Identity, string? Credential)
{
    internal static UsePlace Of(CredentialUse use) => new(use.Identity, use.Credential);
}

/// <param name="Uses">In the order of ids.</param>
/// <param name="Next">Where the next page begins; null when there is none.</param>
public sealed record UsePage(IReadOnlyList<CredentialUse> Uses, UsePlace? Next);

/// <param name="Identities">Devices and modules.</param>
/// <param name="LastUsed">By anybody, back ends included; null for nobody.</param>
public sealed record UseCount(long Identities, DateTimeOffset? LastUsed);

/// <param name="Here">On this node.</param>
/// <param name="Elsewhere">On other nodes that answered in time.</param>
/// <param name="OtherNodes">How many answered.</param>
public sealed record LiveCount(int Here, int Elsewhere, int OtherNodes)
{
    public int All => Here + Elsewhere;
}

/// <param name="Name">Credential, TLS version or software.</param>
/// <param name="Identities">Devices and modules.</param>
/// <param name="LastUsed">By anybody.</param>
public sealed record UseTotal(string Name, long Identities, DateTimeOffset LastUsed);

/// <param name="Credential">By <see cref="CredentialName"/>.</param>
/// <param name="Certificate">Name of the CA certificate in the hub; null for keys and thumbprints.</param>
/// <param name="Identities">Devices and modules that used it.</param>
/// <param name="LastUsed">By anybody; null for nobody.</param>
/// <param name="Live">Sessions, and rights on AMQP connections, of this node that stand on it now.</param>
public sealed record CredentialTotal(string Credential, string? Certificate, long Identities, DateTimeOffset? LastUsed, int Live);

/// <param name="Credentials">Those of identities first, then of policies, then CAs.</param>
/// <param name="TlsVersions">By the last use of each identity and credential.</param>
/// <param name="Software">SDKs with their versions, as clients name themselves.</param>
public sealed record UseSummary(IReadOnlyList<CredentialTotal> Credentials, IReadOnlyList<UseTotal> TlsVersions, IReadOnlyList<UseTotal> Software);
