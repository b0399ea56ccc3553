using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Store.Certificates;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Certificates;

/// <summary>What a service's inventory holds beside devices' certificates: its CA certificates, those that enrollment groups hold, and the CAs of credential policies.</summary>
/// <remarks>Certificates of individual enrollments are as many as devices; they are in the inventory once their devices have come with them.</remarks>
internal sealed class StandingCertificates(Database database, ProvisioningDirectory directory, ProvisioningOptions options) : IStandingCertificates
{
    public IReadOnlyList<HubName> Tenants => [.. directory.All.Select(static each => each.Name)];

    public async Task<IReadOnlyList<KnownCertificate>> ListAsync(HubName tenant, CancellationToken cancellationToken)
    {
        if (directory.All.All(each => each.Name != tenant))
        {
            return [];
        }

        var (authorities, policies, groups) = await database.ReadAsync(
            async (connection, token) => (
                await CaCertificateRows.ListAsync(connection, tenant, token),
                await CredentialPolicyRows.ListAsync(connection, tenant, token),
                await EnrollmentRows.ListAsync(connection, tenant, EnrollmentKind.Group, "", 2 * options.MaxGroups, token)),
            cancellationToken);
        return
        [
            .. authorities.Select(static row => Of(row.Certificate, CertificateKinds.Authority, row.Name, row.Created)).OfType<KnownCertificate>(),
            .. policies.Select(static row => Of(row.Certificate, CertificateKinds.PolicyAuthority, row.Name, row.Created)).OfType<KnownCertificate>(),
            .. groups.SelectMany(OfGroup).OfType<KnownCertificate>(),
        ];
    }

    private static IEnumerable<KnownCertificate?> OfGroup(EnrollmentRow group)
    {
        var proof = group.ReadProof();
        return new[] { proof.SigningPrimary, proof.SigningSecondary }.OfType<string>().Distinct().Select(certificate => Of(certificate, CertificateKinds.EnrollmentGroup, group.Name, group.Created));
    }

    private static KnownCertificate? Of(string certificate, string kind, string name, long created) =>
        KnownCertificate.Read(Convert.FromBase64String(certificate)) is { } read ? read with { Kind = kind, Owner = name, FirstSeen = created } : null;
}
