using Gatehouse.Identity.X509;

namespace Gatehouse.Identity;

/// <summary>How proofs are judged.</summary>
public sealed record IdentityOptions
{
    /// <summary>Longest SAS token that is looked at. Characters, 256–65,536, default 4,096.</summary>
    /// <remarks>The longest an SDK makes is about 2,000: two ids of 128 characters, each encoded twice (C#).</remarks>
    public int MaxTokenCharacters { get; init; } = 4096;

    /// <summary>How long after <c>se</c> a token is still taken. 0–1 h, default 300 s.</summary>
    /// <remarks>Source: IoT Hub "Control access with shared access signatures" page advises clocks within 5 minutes.</remarks>
    public TimeSpan ClockAllowance { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>How long what hangs on a token may outlive it, on connections that act for many (AMQP). 0–1 h, default 10 min.</summary>
    /// <remarks>The C# client relies on being cut after the token's end; the others renew before it. Source: IoT Hub "Troubleshoot connectivity" page.</remarks>
    public TimeSpan TokenGrace { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Tokens that one connection may hold. 1–100,000, default 1,500; one more: IotHubMaxCbsTokenExceeded (403005).</summary>
    /// <remarks>The C# SDK pools up to 995 devices on one connection; the service documents no number.</remarks>
    public int MaxTokensPerConnection { get; init; } = 1_500;

    /// <summary>Whether a certificate that is registered by thumbprint is taken outside its dates. Default false.</summary>
    /// <remarks>Unconfirmed what the service does; its documents ask for certificates that are not expired.</remarks>
    public bool AllowExpiredThumbprintCertificates { get; init; }

    /// <summary>Bounds of X.509 path validation.</summary>
    public PathOptions Paths { get; init; } = new();

    /// <summary>When peers that are refused again and again are put off.</summary>
    public BackoffOptions Backoff { get; init; } = new();
}
