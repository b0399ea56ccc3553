using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Provisioning.UseTracking;

/// <summary>That a device, or back ends by a policy's key, used a credential of a service: a row of <c>provisioning_uses</c>.</summary>
internal sealed record ProvisioningUse
{
    public string Service { get; init; } = "";

    /// <summary>By <see cref="OwnerKind"/>.</summary>
    public long Kind { get; init; }

    public string Owner { get; init; } = "";

    /// <summary>Empty: back ends.</summary>
    public string Registration { get; init; } = "";

    public string Credential { get; init; } = "";

    public string Generation { get; init; } = "";

    public string Mark { get; init; } = "";

    public long FirstUsed { get; init; }

    public long LastUsed { get; init; }

    public string Protocol { get; init; } = "";

    public string? TlsVersion { get; init; }

    public string? CipherSuite { get; init; }

    public string? ServerCertificate { get; init; }

    public string? ServerIssuer { get; init; }

    public string? Software { get; init; }

    internal UseKey Key => new(Service, Kind, Owner, Registration, Credential);

    /// <summary>With a later one of the same key. What a client does not say of itself this time, it said before.</summary>
    internal ProvisioningUse Then(ProvisioningUse later) => later with
    {
        FirstUsed = later.Mark == Mark && later.Generation == Generation ? FirstUsed : later.FirstUsed,
        Software = later.Software ?? Software,
    };

    /// <summary>As it was seen just now.</summary>
    internal ProvisioningUse By(ClientTraits client, long now) => this with
    {
        FirstUsed = now,
        LastUsed = now,
        Protocol = client.Protocol,
        TlsVersion = client.TlsVersion,
        CipherSuite = client.CipherSuite,
        ServerCertificate = client.Server?.Thumbprint,
        ServerIssuer = client.Server?.Issuer,
        Software = client.Software,
    };
}

/// <summary>Whose use of what; there is one row for each.</summary>
internal readonly record struct UseKey(string Service, long Kind, string Owner, string Registration, string Credential);

/// <summary>Whose credential it is. The numbers are stored; the first two are those of <c>EnrollmentKind</c>.</summary>
internal enum OwnerKind
{
    Enrollment = 0,
    Group = 1,
    Policy = 2,
}
