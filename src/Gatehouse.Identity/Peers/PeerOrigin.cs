using System.Net;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.Peers;

/// <summary>Where a connection comes from, and what TLS proved on it.</summary>
/// <param name="Client">Its protocol, and what use tracking keeps of it.</param>
/// <param name="Address">For back-off and refusals; null when unknown.</param>
/// <param name="Certificate">Client certificate; null when none was presented. The connection disposes it.</param>
internal sealed record PeerOrigin(ClientTraits Client, IPAddress? Address, PeerCertificate? Certificate);
