namespace Gatehouse.Contracts.Provisioning;

/// <summary>A certificate that a provisioning service has issued and revoked, for the revocation list of a hub that knows it.</summary>
/// <param name="Thumbprint">SHA-256, 64 hexadecimal digits.</param>
/// <param name="Reason">A word of RFC 5280 §5.3.1 that is final.</param>
/// <param name="Note">For people: which certificate, whose, by whom revoked. As much of it is kept as the hub takes.</param>
public sealed record WithdrawnCertificate(string Thumbprint, string Reason, string Note);
