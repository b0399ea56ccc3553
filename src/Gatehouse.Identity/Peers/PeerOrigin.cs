using System.Net;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.Peers;

/// <summary>Where a connection comes from, and what TLS proved on it.</summary>
/// <param name="Protocol"><c>amqp</c> or <c>amqp-ws</c>.</param>
/// <param name="Address">For back-off and refusals; null when unknown.</param>
/// <param name="Certificate">Client certificate; null when none was presented. The connection disposes it.</param>
internal sealed record PeerOrigin(string Protocol, IPAddress? Address, PeerCertificate? Certificate);
