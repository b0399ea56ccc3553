using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Identity.X509;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>Renews certificates for devices that are connected to their hub: by the enrollment that decides about them now, if it still lets them in.</summary>
/// <remarks>In the turn of the device's registrations, and of those that may want the same device. The hub first, the inventory last, then the device: what is cut short leaves the device with the certificate that it has.</remarks>
internal sealed class CertificateRenewal(Database database, CertificateIssuer issuer, RegistrationQueue queue, DeviceTurns turns, IDeviceRegistrar registrar, ProvisioningMetrics metrics) : ICertificateRenewal
{
    public async Task<Result<IReadOnlyList<string>>> RenewAsync(HubName hub, DeviceId device, string presented, ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        if (!CertificateSigningRequest.TryRead(request, out var read, out var fault))
        {
            return Refused($"The csr cannot be used: {fault}.");
        }

        if (await FindAsync(hub, device, cancellationToken) is not { } known)
        {
            return Refused("The device was not put into this hub by a provisioning service of this server.");
        }

        var renewed = await queue.RunAsync(HubName.Parse(known.Service), known.Id, _ => turns.RunAsync(HubName.Parse(known.Service), [device.Value], () => RenewInTurnAsync(hub, device, presented, read)), cancellationToken);
        return renewed.IsOk ? renewed
            : renewed.Error.IsTransient ? HubErrors.ThrottlingException
            : Refused(renewed.Error.Message);
    }

    private async Task<Result<IReadOnlyList<string>>> RenewInTurnAsync(HubName hub, DeviceId device, string presented, CertificateSigningRequest request)
    {
        if (await FindAsync(hub, device, CancellationToken.None) is not { } row)
        {
            return Refused("The device is not registered any more.");
        }

        var service = HubName.Parse(row.Service);
        var enrollment = await database.ReadAsync(
            async (connection, token) =>
                await EnrollmentRows.FindAsync(connection, service, new EnrollmentKey(EnrollmentKind.Individual, row.Id), token) ?? await EnrollmentRows.FindAsync(connection, service, row.Enrollment, token),
            CancellationToken.None);
        return row.BootQuarantined != 0 ? Refused("The device is in quarantine: it has booted something else than it may.")
            : enrollment is null or { IsDisabled: not 0 } ? Refused("The enrollment of the device is gone or disabled.")
            : !await issuer.HasIssuedAsync(service, row.Id, presented, CancellationToken.None) ? Refused("The device is not connected with a certificate that was issued to it: it registers anew.")
            : await IssueAsync(service, row, enrollment, hub, device, presented, request);
    }

    private async Task<Result<IReadOnlyList<string>>> IssueAsync(
        HubName service, RegistrationRow row, EnrollmentRow enrollment, HubName hub, DeviceId device, string presented, CertificateSigningRequest request)
    {
        var issued = await issuer.IssueAsync(service, row.Name, enrollment, request, CancellationToken.None);
        if (!issued.IsOk)
        {
            return issued.Error;
        }

        var actor = $"registration:{row.Name}";
        var renewed = await registrar.RenewAsync(hub, actor, device, issued.Value.Row.Thumbprint, presented, CancellationToken.None);
        if (!renewed.IsOk)
        {
            return renewed.Error;
        }

        var recorded = await database.WriteAsync<bool>(
            async (transaction, token) =>
            {
                if (!await issuer.HasIssuedAsync(transaction, service, row.Id, presented, token))
                {
                    return Refused("The certificate of the device was revoked, or has ended, meanwhile: it registers anew.");
                }

                await issuer.RecordAsync(transaction, service, row.Id, issued.Value, actor, token);
                return true;
            },
            CancellationToken.None);
        if (!recorded.IsOk)
        {
            return recorded.Error;
        }

        metrics.Issued(issued.Value.Row.KeyType);
        return Result<IReadOnlyList<string>>.Of(issued.Value.Chain);
    }

    private Task<RegistrationRow?> FindAsync(HubName hub, DeviceId device, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => RegistrationRows.FindByDeviceAsync(connection, hub, device.Value, token), cancellationToken);

    private static HubError Refused(string message) => HubErrors.CertificateRequestRefused.With(message);
}
