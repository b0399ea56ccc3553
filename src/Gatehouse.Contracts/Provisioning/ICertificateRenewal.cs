using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Provisioning;

/// <summary>The way from a hub to the provisioning service that issued a device's certificate, for another one. Implemented by the provisioning room; the hub's doors know nothing else of it.</summary>
public interface ICertificateRenewal
{
    /// <summary>
    /// Issues the device another certificate, which its hub knows beside the one that it shows. Refused: CertificateRequestRefused (400037) with the reason, transient errors; nothing is changed then.
    /// </summary>
    /// <param name="hub">Where it is connected.</param>
    /// <param name="device">Who asks: the one that its proof says it is.</param>
    /// <param name="presented">SHA-256 thumbprint of the certificate that it is connected with.</param>
    /// <param name="request">PKCS #10, DER.</param>
    /// <param name="cancellationToken">Ends the wait for its turn.</param>
    /// <returns>The certificate and its CA, each base64 of DER.</returns>
    Task<Result<IReadOnlyList<string>>> RenewAsync(HubName hub, DeviceId device, string presented, ReadOnlyMemory<byte> request, CancellationToken cancellationToken);
}
