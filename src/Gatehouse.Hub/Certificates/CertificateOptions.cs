namespace Gatehouse.Hub.Certificates;

/// <summary>Limits of the CA certificates of a hub.</summary>
public sealed record CertificateOptions
{
    /// <summary>CA certificates per hub.</summary>
    /// <remarks>1–1000, default 25. One more: GenericConflict. Source: IoT Hub "Quotas and throttling" page.</remarks>
    public int MaxPerHub { get; init; } = 25;

    /// <summary>Size of one certificate.</summary>
    /// <remarks>Bytes of DER, 512–65536, default 16384 (a CA certificate takes 1–3 KiB). Larger: ArgumentInvalid. Source: own.</remarks>
    public int MaxCertificateBytes { get; init; } = 16 * 1024;
}
