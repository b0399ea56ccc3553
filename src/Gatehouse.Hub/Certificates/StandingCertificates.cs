using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Revoking;
using Gatehouse.Store.Certificates;
using Gatehouse.Store;

namespace Gatehouse.Hub.Certificates;

/// <summary>What a hub's inventory holds beside devices' certificates: its CA certificates, the revocation lists of outside CAs and who signed them, and what this node shows to its peers.</summary>
/// <param name="database">Store.</param>
/// <param name="hubs">All hubs.</param>
/// <param name="server">Null where another ends TLS.</param>
internal sealed class StandingCertificates(Database database, HubDirectory hubs, IServerCertificates? server = null) : IStandingCertificates
{
    public IReadOnlyList<HubName> Tenants => [.. hubs.All.Select(static each => each.Name)];

    public async Task<IReadOnlyList<KnownCertificate>> ListAsync(HubName tenant, CancellationToken cancellationToken)
    {
        if (hubs.Find(tenant) is null)
        {
            return [];
        }

        var (authorities, lists) = await database.ReadAsync(
            async (connection, cancel) => (await CaCertificateRows.ListAsync(connection, tenant, null, cancel), await IssuerListRows.ListAsync(connection, null, tenant, cancel)),
            cancellationToken);
        return [.. authorities.Select(OfAuthority).OfType<KnownCertificate>(), .. lists.Where(static list => list.Number is not null).SelectMany(OfList), .. OfServer()];
    }

    private static KnownCertificate? OfAuthority(CaCertificateRow row) => KnownCertificate.Read(Convert.FromBase64String(row.Certificate)) is { } read
        ? read with { Kind = CertificateKinds.Authority, Owner = row.Name, FirstSeen = row.Created }
        : null;

    private static IEnumerable<KnownCertificate> OfList(IssuerListRow row)
    {
        if (KnownCertificate.Read(Convert.FromBase64String(row.Authority)) is not { } signer)
        {
            yield break;
        }

        yield return signer with { Kind = CertificateKinds.ListSigner, Owner = row.Name };
        yield return signer with
        {
            Kind = CertificateKinds.RevocationList,
            Owner = row.Name,
            Issuer = signer.Subject,
            Thumbprint = row.Thumbprint ?? row.Issuer,
            Serial = row.Number!,
            KeyType = "",
            NotBefore = row.ThisUpdate,
            NotAfter = row.NextUpdate,
            FirstSeen = row.Updated,
        };
    }

    private IEnumerable<KnownCertificate> OfServer()
    {
        if (server?.Read() is not { } state)
        {
            yield break;
        }

        yield return Of(state.Present, "present");
        if (state.Next is { } next && next.Sha256 != state.Present.Sha256)
        {
            yield return Of(next, "next");
        }

        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(state.Roots);
        foreach (var root in roots)
        {
            using (root)
            {
                yield return KnownCertificate.Read(root) with { Kind = CertificateKinds.ServerRoot };
            }
        }
    }

    private static KnownCertificate Of(ShownCertificate shown, string owner) => new()
    {
        Kind = CertificateKinds.Server,
        Owner = owner,
        Thumbprint = shown.Sha256,
        Subject = shown.Subject,
        Issuer = shown.Issuer,
        KeyType = shown.Algorithm,
        NotBefore = shown.NotBefore.Ticks,
        NotAfter = shown.NotAfter.Ticks,
    };
}
