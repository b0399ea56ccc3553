using System.Net;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Provisioning.Attestation;

namespace Gatehouse.Provisioning.DeviceDoor;

/// <summary>How a device reached the door, and what it showed.</summary>
/// <param name="Protocol">As refusals name it: <c>https</c>, <c>mqtt</c> …</param>
/// <param name="RemoteAddress">For back-off; null when unknown.</param>
/// <param name="Token">SAS token; null or empty for none.</param>
/// <param name="Certificate">What TLS proved; null for none.</param>
/// <param name="Accepted">Called when the proof is good.</param>
internal sealed record DeviceCaller(string Protocol, IPAddress? RemoteAddress, string? Token, PeerCertificate? Certificate, Action Accepted)
{
    /// <summary>Keys of its TPM, where the transport itself brings them; null: the body may.</summary>
    public ShownTpm? Tpm { get; init; }

    /// <summary>What use tracking keeps of it beside its credential; a door that says nothing leaves the protocol.</summary>
    public ClientTraits Client { get; init; } = new() { Protocol = Protocol };

    /// <summary>Never the token.</summary>
    public override string ToString() => $"{Protocol} {RemoteAddress}";
}
