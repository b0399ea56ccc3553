using System.Net.Security;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Tls;

/// <summary>The cipher suites of the service, and how this process holds OpenSSL to them (decisions/0009).</summary>
internal sealed class SuiteControl
{
    /// <summary>OpenSSL's names of <see cref="Allowed"/>.</summary>
    private const string Suites12 = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256"
        + ":ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256";

    private const string Suites13 = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

    public SuiteControl(ServerCertificates certificates, ILogger<SuiteControl> log)
    {
        OpenSslBuffers.Release();
        var isNarrow = OpenSslDefaults.TryNarrow(Suites12, Suites13);
        if (!isNarrow || SuiteProbe.AcceptsMoreAsync(certificates.Made).GetAwaiter().GetResult())
        {
            TransportLog.SuitesForced(log);
#pragma warning disable CA1416 // Windows takes its suites from its own policy; a configuration of OpenSSL does not exist there.
            Policy = new CipherSuitesPolicy(Allowed);
#pragma warning restore CA1416
        }
    }

    /// <summary>IoT Hub "TLS support" page: the eight suites of TLS 1.2, and TLS 1.3's AES-GCM and ChaCha20 suites.</summary>
    public static IReadOnlyList<TlsCipherSuite> Allowed { get; } =
    [
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
    ];

    /// <summary>Null: OpenSSL's list in this process is ours already.</summary>
    public CipherSuitesPolicy? Policy { get; }
}
