using System.Net.Security;

namespace Gatehouse.Transport.Tls;

/// <summary>The cipher suites of the service, and how this process holds OpenSSL to them.</summary>
internal sealed class SuiteControl
{
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
    public CipherSuitesPolicy? Policy { get; init; }
}
