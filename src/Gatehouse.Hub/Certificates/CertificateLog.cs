using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Certificates;

internal static partial class CertificateLog
{
    [LoggerMessage(2040, LogLevel.Warning, "Proof of possession of CA certificate {Name} of hub {Hub} was refused: {Reason}", EventName = "ProofRefused")]
    internal static partial void ProofRefused(this ILogger logger, string hub, string name, string reason);
}
