using System.Collections.Concurrent;
using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Certificates;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>The enrollment groups and linked hubs of each service, in memory: a registration that only needs these costs no read of them. A signal empties it, and age does.</summary>
internal sealed class KnownGroups : IDisposable
{
    private const int PageSize = 1_000;

    private readonly ConcurrentDictionary<HubName, Entry> entries = new();
    private readonly Database database;
    private readonly ProvisioningOptions options;
    private readonly TimeProvider time;
    private readonly IDisposable subscription;
    private long changes;

    public KnownGroups(Database database, ISignals signals, ProvisioningOptions options, TimeProvider time)
    {
        this.database = database;
        this.options = options;
        this.time = time;
        subscription = signals.Subscribe(SignalSubjects.ProvisioningChanged, _ => Forget());
    }

    public void Dispose() => subscription.Dispose();

    internal async ValueTask<GroupSet> FindAsync(HubName service, CancellationToken cancellationToken)
    {
        var seen = Volatile.Read(ref changes);
        if (entries.TryGetValue(service, out var entry) && entry.Changes == seen && time.GetElapsedTime(entry.Read) < options.CacheAge)
        {
            return entry.Groups;
        }

        // What changes during the read is read again by the next: the entry keeps the count from before.
        var began = time.GetTimestamp();
        var groups = await database.ReadAsync(
            async (connection, token) => new GroupSet(
                await EnrollmentRows.ListAsync(connection, service, EnrollmentKind.Group, "", Math.Max(PageSize, 2 * options.MaxGroups), token),
                await LinkedHubRows.ReadAllAsync(connection, service, token),
                await CaCertificateRows.ListAsync(connection, service, token)),
            cancellationToken);
        entries[service] = new Entry(groups, seen, began);
        return groups;
    }

    private void Forget() => Interlocked.Increment(ref changes);

    private sealed record Entry(GroupSet Groups, long Changes, long Read);
}

/// <summary>The groups of one service, as they were read together.</summary>
internal sealed class GroupSet
{
    private readonly Dictionary<string, KnownSigner> bySigner = new(StringComparer.Ordinal);

    internal GroupSet(IReadOnlyList<EnrollmentRow> groups, IReadOnlyList<LinkedHub> linked, IReadOnlyList<CaCertificateRow> authorities)
    {
        Linked = linked;
        WithKeys = [.. groups.Where(group => group.Type == AttestationType.SymmetricKey)];
        var verified = authorities.Where(authority => authority.IsVerified != 0).ToDictionary(authority => authority.Id, authority => authority.Certificate);
        var signers = new List<string>();
        foreach (var group in groups.Where(group => group.Type == AttestationType.X509))
        {
            var proof = group.ReadProof();
            Add(new KnownSigner(group, proof.SigningPrimary ?? Verified(proof.CaPrimary), IsPrimary: true));
            Add(new KnownSigner(group, proof.SigningSecondary ?? Verified(proof.CaSecondary), IsPrimary: false));
        }

        Signers = new TrustAnchors([.. signers.Select(CertificateText.Load)]);

        string? Verified(string? name) => name is null ? null : verified.GetValueOrDefault(name.ToLowerInvariant());

        void Add(KnownSigner signer)
        {
            if (signer.Certificate is { } certificate)
            {
                signers.Add(certificate);
                bySigner.TryAdd(Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(certificate))), signer);
            }
        }
    }

    internal IReadOnlyList<LinkedHub> Linked { get; }

    internal IReadOnlyList<EnrollmentRow> WithKeys { get; }

    /// <summary>Certificates by which devices of groups are recognised.</summary>
    internal TrustAnchors Signers { get; }

    /// <summary>What a certificate is to its group.</summary>
    internal KnownSigner FindBySigner(string thumbprint) => bySigner[thumbprint];
}

/// <param name="Group">Whose devices it recognises.</param>
/// <param name="Certificate">Base64 of the DER; null where the group has none in this place, or one that is gone or not verified.</param>
/// <param name="IsPrimary">Which of the group's two it is.</param>
internal sealed record KnownSigner(EnrollmentRow Group, string? Certificate, bool IsPrimary)
{
    private CertificateInfo? info;

    /// <summary>For the records of devices that it recognises; read once. Null without a certificate.</summary>
    internal CertificateInfo? Info => info ??= Certificate is null ? null : Read(Certificate);

    private static CertificateInfo Read(string certificate)
    {
        using var loaded = CertificateText.Load(certificate);
        return CertificateInfo.Of(loaded);
    }
}
