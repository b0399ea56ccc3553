using Gatehouse.Contracts.Credentials;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Limits;
using Gatehouse.Provisioning.LinkedHubs;

namespace Gatehouse.Provisioning;

/// <summary>Settings of the room.</summary>
/// <remarks>Numbers of the service: Device Provisioning Service "Quotas and limits" page.</remarks>
public sealed record ProvisioningOptions
{
    /// <summary>Name of the service that the first start creates. Default <c>gatehouse-dps</c>.</summary>
    public string FirstInstance { get; init; } = "gatehouse-dps";

    /// <summary>Host name of the hub that devices are told, one under which they reach it from where they are. Null: the first of the hub's own, <c>localhost</c> unless it was changed.</summary>
    public string? HubHostName { get; init; }

    /// <summary>Individual enrollments of a service. 1–10,000,000, default 1,000,000. One more: TooManyEnrollments.</summary>
    public int MaxEnrollments { get; init; } = 1_000_000;

    /// <summary>Enrollment groups of a service with certificates, and as many with symmetric keys. 1–1,000, default 100. One more: TooManyEnrollments.</summary>
    /// <remarks>A token of an unknown device is tried against each group with symmetric keys.</remarks>
    public int MaxGroups { get; init; } = 100;

    /// <summary>Enrollments in one bulk call. 1–1,000, default 10. Source: the service's REST reference.</summary>
    public int MaxBulkItems { get; init; } = 10;

    /// <summary>Items of one page of a query. 1–10,000, default 1,000; also what a page has when the caller asks for none or more.</summary>
    /// <remarks>Unconfirmed; source: own.</remarks>
    public int MaxPageItems { get; init; } = 1_000;

    /// <summary>Enrollments that one page of a query with a condition looks at. 1–100,000, default 1,000. Source: own.</summary>
    public int MaxSearchedItems { get; init; } = 1_000;

    /// <summary>Bytes of a request's body at the service API. 1 KiB–16 MiB, default 1 MiB: ten enrollments with a twin each.</summary>
    public int MaxServiceBodyBytes { get; init; } = 1024 * 1024;

    /// <summary>Bytes of a registration request. 1 KiB–1 MiB, default 98,304 (96 KB, the service's limit of a message).</summary>
    public int MaxDeviceBodyBytes { get; init; } = 96 * 1024;

    /// <summary>Bytes of a registration request over HTTPS that shows neither a token nor a certificate: the keys of a TPM may be in it. 4 KiB–1 MiB, default 16 KiB. Source: own.</summary>
    public int MaxUnprovedBodyBytes { get; init; } = 16 * 1024;

    /// <summary>CA certificates of a service. 1–1,000, default 25. One more: CertificateConflict.</summary>
    public int MaxCertificates { get; init; } = 25;

    /// <summary>Shared access policies of a service. 1–1,000, default 100. One more: PolicyConflict. Source: own.</summary>
    public int MaxPolicies { get; init; } = 100;

    /// <summary>Bytes of one certificate, DER. 1–64 KiB, default 8,192. Source: own.</summary>
    public int MaxCertificateBytes { get; init; } = 8 * 1024;

    /// <summary>Credential policies of a service. 1–1,000, default 25, as CA certificates. One more: CredentialPolicyConflict. Source: own.</summary>
    public int MaxCredentialPolicies { get; init; } = 25;

    /// <summary>Certificates that one device is issued within an hour. 1–1,000, default 20. One more: TooManyRequests (429001) with Retry-After. Source: own.</summary>
    /// <remarks>Each is a row of the inventory until long after it has ended.</remarks>
    public int MaxCertificatesPerHour { get; init; } = 20;

    /// <summary>How long the inventory of issued certificates keeps one that has ended, at least: what is older goes as others are issued. 1 d–10 years, default 90 d. Source: own.</summary>
    public TimeSpan IssuedCertificateRetention { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How long a signature by a key in a key store may take, and how long one waits for its turn. 1 s–10 min, default 30 s: a TPM signs a few times in a second. Source: own.</summary>
    public TimeSpan KeyStorePatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Public address of the public door, http and without a slash at its end: issued certificates say by it where their CA publishes what is revoked. Null: they do not say it.</summary>
    public string? PkiUrl { get; init; }

    /// <summary>Questions about certificates (OCSP) that are answered in a second, on each node; as many may come at once. 1–100,000, default 200. One more: tryLater. Source: own.</summary>
    /// <remarks>Each costs a read of the store, and mostly a signature by a key of this process.</remarks>
    public int OcspRate { get; init; } = 200;

    /// <summary>The same, from one address (IPv6: one /64). 1–100,000, default 20. Source: own.</summary>
    public int OcspRatePerAddress { get; init; } = 20;

    /// <summary>Bytes of <c>optionalDeviceInformation</c>. 0–64 KiB, default 8,192. Source: own.</summary>
    public int MaxDeviceInformationBytes { get; init; } = 8 * 1024;

    /// <summary>What a device is told to wait before it asks again. Whole seconds, 1–60, default 2.</summary>
    /// <remarks>The service says 3; the C# and Node clients wait at least 2.</remarks>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Registrations that are worked on at once. 1–1,000, default 64; the next wait in line. Source: own.</summary>
    public int MaxConcurrentRegistrations { get; init; } = 64;

    /// <summary>Registrations that wait in line. 1–1,000,000, default 4,096. One more: TooManyRequests (429001) with Retry-After. Source: own.</summary>
    public int MaxWaitingRegistrations { get; init; } = 4_096;

    /// <summary>How long a TPM has to answer a challenge, at least; at most twice as long. 10 s–1 h, default 5 min. Source: own; slow TPMs take seconds.</summary>
    public TimeSpan TpmNonceLife { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Challenges for TPMs that are made at once. 1–64, default 4: each computes with two public keys, for a device that has proved nothing yet. Source: own.</summary>
    public int MaxConcurrentChallenges { get; init; } = 4;

    /// <summary>Challenges that wait in line. 0–100,000, default 256. One more: TooManyRequests (429001) with Retry-After. Source: own.</summary>
    public int MaxWaitingChallenges { get; init; } = 256;

    /// <summary>Roots and intermediates of TPM makers. Null: certificates of endorsement keys are not looked at; else no TPM registers without a good one.</summary>
    public TrustAnchors? TpmMakers { get; init; }

    /// <summary>Calls to the webhooks of enrollments.</summary>
    public AllocationOptions Allocation { get; init; } = new();

    /// <summary>Limits of rate.</summary>
    public LimitOptions Limits { get; init; } = new();

    /// <summary>Linked hubs on other servers.</summary>
    public LinkedHubOptions LinkedHubs { get; init; } = new();

    /// <summary>Uses of credentials that wait in memory to be written, each of one registration and credential; about 400 bytes each. 1,000–1,000,000, default 100,000. What comes beyond is not tracked, and a warning says how much. Source: own.</summary>
    public int MaxWaitingUses { get; init; } = 100_000;

    /// <summary>How long what is remembered of groups, certificates and linked hubs stands when no signal says that it changed. 1 s–1 h, default 30 s.</summary>
    public TimeSpan CacheAge { get; init; } = TimeSpan.FromSeconds(30);
}
