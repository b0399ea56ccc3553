using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.UseTracking;

/// <summary>That an identity, or back ends by a policy's key, used a credential.</summary>
public sealed record CredentialUse
{
    /// <summary>Null: back ends.</summary>
    public required IdentityKey? Identity { get; init; }

    /// <summary>By <see cref="CredentialName"/>.</summary>
    public required string Credential { get; init; }

    public required DateTimeOffset FirstUsed { get; init; }

    public required DateTimeOffset LastUsed { get; init; }

    /// <summary>Last use over TLS before 1.3; null for none that is known.</summary>
    public DateTimeOffset? LastOldTls { get; init; }

    /// <summary>Of the last use, as the rest is.</summary>
    public required string Protocol { get; init; }

    public string? TlsVersion { get; init; }

    public string? CipherSuite { get; init; }

    /// <summary>SHA-256 of the server certificate that was shown.</summary>
    public string? ServerCertificate { get; init; }

    /// <summary>Name of the CA above what the server sent.</summary>
    public string? ServerIssuer { get; init; }

    /// <summary>The last such name that was another one: the client went on after that as well. Null for none that is known.</summary>
    public string? OtherServerIssuer { get; init; }

    /// <summary>As the client named itself the last time it did.</summary>
    public string? Software { get; init; }

    /// <summary>SHA-256 of the certificates that the device sent beside its own; empty for none.</summary>
    public IReadOnlyList<string> Shown { get; init; } = [];
}

/// <summary>Whose use of what; there is one row for each.</summary>
internal readonly record struct UseKey(HubName Hub, IdentityKey? Identity, string Credential);

/// <summary>A use that waits to be written: the last of its key.</summary>
internal sealed record WaitingUse(string Generation, string Mark, long First, long Last, long LastOldTls, ClientTraits Client, string? Shown)
{
    /// <summary>As <see cref="CredentialUse.OtherServerIssuer"/>, of what waits; null where the store knows more.</summary>
    internal string? OtherServerIssuer { get; init; }

    internal const string NewTls = "1.3";

    internal static WaitingUse Of(Principal principal, ClientTraits client, long now) => new(
        principal.GenerationId ?? "",
        principal.CredentialMark,
        now,
        now,
        client.TlsVersion is null or NewTls ? 0 : now,
        client,
        principal.Certificates?.Path?.Shown);

    /// <summary>With a later one of the same key. What a client does not say of itself this time, it said before.</summary>
    internal WaitingUse Then(WaitingUse later) => later with
    {
        First = later.Mark == Mark && later.Generation == Generation ? First : later.First,
        LastOldTls = Math.Max(LastOldTls, later.LastOldTls),
        OtherServerIssuer = later.Generation != Generation ? null : Client.Server is { } server && later.Client.Server?.Issuer != server.Issuer ? server.Issuer : OtherServerIssuer,
        Client = later.Client.Software is null && Client.Software is not null ? later.Client with { Software = Client.Software } : later.Client,
    };
}
