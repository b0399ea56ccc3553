using System.Security.Cryptography;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>Follows the chain that a device showed to the nearest of the certificates that a provisioning service knows. The rules are those of a hub's devices.</summary>
/// <remarks>Known certificates end a path and are never taken from the peer, so a chain through a known intermediate ends there, not at the root above it.</remarks>
public sealed class CertificateChains(IdentityOptions options)
{
    private readonly PathValidator validator = new(options.Paths);

    /// <param name="shown">What TLS proved, with what came beside it.</param>
    /// <param name="known">Signing certificates and verified CAs.</param>
    /// <param name="now">Time of the judgement.</param>
    public ChainFinding Follow(PeerCertificate shown, TrustAnchors known, DateTimeOffset now)
    {
        var finding = validator.Validate(shown.Leaf.RawDataMemory, [.. shown.Intermediates.Select(each => each.RawDataMemory)], known, now);
        return finding.Fault is { } fault
            ? new ChainFinding(fault, finding.Detail, "")
            : new ChainFinding(null, "", Convert.ToHexString(SHA256.HashData(finding.Path[^1].Raw.Span)));
    }

    /// <summary>Whether the leaf's one common name is the registration id, in any case. Says why not.</summary>
    public static bool Names(PeerCertificate shown, string registrationId, out string fault)
    {
        if (!ParsedCertificate.TryParse(shown.Leaf.RawDataMemory, out var leaf, out fault))
        {
            fault = $"The certificate is not acceptable: {fault}.";
            return false;
        }

        return CommonName.Is(leaf.Subject, registrationId, out fault, ignoresCase: true);
    }

    /// <summary>Null while the certificate's dates are good.</summary>
    public static (RefusalReason Reason, string Detail)? DateFault(PeerCertificate shown, DateTimeOffset now) =>
        CertificateDates.Fault(shown.Leaf, now) is { } fault ? (fault, CertificateDates.Describe(shown.Leaf, now)) : null;

    /// <summary>Whether the leaf is the certificate of this SHA-256 thumbprint. Fixed time.</summary>
    public static bool IsLeaf(PeerCertificate shown, string? thumbprint) => new LeafThumbprints(shown.Leaf).Matches(thumbprint);
}

/// <summary>Where a chain ends.</summary>
/// <param name="Fault">Why it ends nowhere; null when it ends at a known certificate.</param>
/// <param name="Detail">The same for the operator.</param>
/// <param name="Thumbprint">SHA-256 of the known certificate, hex in capitals; empty when there is none.</param>
public sealed record ChainFinding(RefusalReason? Fault, string Detail, string Thumbprint);
