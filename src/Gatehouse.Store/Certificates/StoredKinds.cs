using Gatehouse.Contracts.Certificates;

namespace Gatehouse.Store.Certificates;

/// <summary>Kinds of certificates that are rows of <c>known_certificates</c>, each part in the order of the words.</summary>
internal static class StoredKinds
{
    /// <summary>By which somebody is let in.</summary>
    internal static readonly string[] OfDevices = [CertificateKinds.Device, CertificateKinds.Issued];

    internal static readonly string[] All = [CertificateKinds.Device, CertificateKinds.Intermediate, CertificateKinds.Issued];
}
