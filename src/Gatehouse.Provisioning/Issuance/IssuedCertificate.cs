using Gatehouse.Store.Certificates;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>A certificate that was signed and is not given out yet.</summary>
/// <param name="Row">What the inventory will say.</param>
/// <param name="Chain">The certificate, then its CA; each base64 of DER.</param>
/// <param name="Known">The same for the inventory of all certificates.</param>
/// <param name="Before">Thumbprint of the one that the device has been using, and may go on with; null for none.</param>
internal sealed record IssuedCertificate(IssuedCertificateRow Row, IReadOnlyList<string> Chain, KnownCertificate Known, string? Before);
