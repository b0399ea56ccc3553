using System.Security.Cryptography;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.X509;

namespace Gatehouse.Hub.Certificates;

/// <summary>The proof that an uploader holds a CA's private key: a certificate whose subject names the code that the hub gave out, signed directly by that key.</summary>
/// <remarks>Source: IoT Hub "Verify X.509 CA certificates" page. Chains are never built for it, so nothing is fetched.</remarks>
internal static class ProofOfPossession
{
    /// <summary>24 random bytes as 48 upper-case hexadecimal characters.</summary>
    internal static string NewCode() => Convert.ToHexString(RandomNumberGenerator.GetBytes(24));

    /// <summary>Null when the proof holds, else what is wrong with it.</summary>
    internal static HubError? Check(byte[] proof, byte[] authority, string code, DateTimeOffset now) =>
        !AuthorityCertificate.TryRead(authority, out var read, out var broken) ? CertificateAuthorityRules.Broken(broken)
        : read.ProofFault(proof, code, now) is { } fault ? HubErrors.ArgumentInvalid.With($"The verification certificate is refused: {fault}.")
        : null;
}
