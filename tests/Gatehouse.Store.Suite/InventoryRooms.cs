using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store.Certificates;

namespace Gatehouse.Store.Suite;

/// <summary>A room with certificates of its own, and rows as rooms make them.</summary>
internal sealed class InventoryRooms(HubName tenant) : IStandingCertificates
{
    private static int made;

    internal List<KnownCertificate> All { get; } = [];

    public IReadOnlyList<HubName> Tenants => [tenant];

    public Task<IReadOnlyList<KnownCertificate>> ListAsync(HubName tenant, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<KnownCertificate>>(tenant == Tenants[0] ? [.. All] : []);

    /// <summary>A certificate of its own that ends in so many days and then will have lived for so many.</summary>
    internal static KnownCertificate Row(HubName tenant, string owner, long now, int days, int life) => new()
    {
        Tenant = tenant.Value,
        Kind = CertificateKinds.Device,
        Owner = owner,
        Thumbprint = Interlocked.Increment(ref made).ToString("X8", System.Globalization.CultureInfo.InvariantCulture),
        Subject = $"CN={owner}",
        Issuer = "CN=Plant",
        NotBefore = now + ((days - life) * TimeSpan.TicksPerDay),
        NotAfter = now + (days * TimeSpan.TicksPerDay),
        FirstSeen = now,
        LastSeen = now,
    };
}
