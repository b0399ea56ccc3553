namespace Gatehouse.Identity.X509;

/// <summary>Bounds of X.509 path validation.</summary>
/// <remarks>A peer chooses what it sends before anyone knows it: each bound is a ceiling on the work that it can cause.</remarks>
public sealed record PathOptions
{
    /// <summary>Longest path, leaf and CA included. Certificates, 2–16, default 8.</summary>
    public int MaxPathCertificates { get; init; } = 8;

    /// <summary>Most certificates that a peer may send, leaf included. 1–64, default 16.</summary>
    public int MaxPeerCertificates { get; init; } = 16;

    /// <summary>Most that a peer's certificates may weigh together. Bytes of DER, 4 KiB–1 MiB, default 64 KiB.</summary>
    public int MaxPeerCertificateBytes { get; init; } = 64 * 1024;

    /// <summary>Most signatures that are verified for one connection. 1–256, default 32.</summary>
    public int MaxSignatureChecks { get; init; } = 32;

    /// <summary>Most issuers that are considered for one connection, whether or not a signature is verified. 16–65,536, default 512.</summary>
    public int MaxCandidates { get; init; } = 512;

    /// <summary>Most comparisons of a name with a name constraint along one path. 16–1,048,576, default 4,096.</summary>
    public int MaxNameComparisons { get; init; } = 4096;

    /// <summary>Smallest RSA modulus. Bits, 2,048–8,192, default 2,048.</summary>
    public int MinRsaBits { get; init; } = 2048;

    /// <summary>Largest RSA modulus: verification grows with its square. Bits, 2,048–16,384, default 8,192.</summary>
    public int MaxRsaBits { get; init; } = 8192;
}
