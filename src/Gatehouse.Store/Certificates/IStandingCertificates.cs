using Gatehouse.Contracts.Identities;

namespace Gatehouse.Store.Certificates;

/// <summary>Certificates and revocation lists that a room keeps in tables or files of its own: some dozens for each tenant, read whenever they are asked for. Implemented by the rooms.</summary>
public interface IStandingCertificates
{
    /// <summary>Whose it knows.</summary>
    IReadOnlyList<HubName> Tenants { get; }

    /// <summary>All of one tenant, in any order; empty for one that is not among <see cref="Tenants"/>. <see cref="KnownCertificate.Tenant"/> is left empty.</summary>
    Task<IReadOnlyList<KnownCertificate>> ListAsync(HubName tenant, CancellationToken cancellationToken);
}
