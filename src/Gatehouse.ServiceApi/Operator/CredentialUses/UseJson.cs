using System.Globalization;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.UseTracking;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.CredentialUses;

/// <summary>A use in answers.</summary>
internal sealed record UseJson
{
    /// <summary>Null with <see cref="ModuleId"/>: back ends.</summary>
    public string? DeviceId { get; init; }

    public string? ModuleId { get; init; }

    public required string Credential { get; init; }

    public required DateTime FirstUsed { get; init; }

    public required DateTime LastUsed { get; init; }

    public DateTime? LastOldTls { get; init; }

    public required string Protocol { get; init; }

    public string? TlsVersion { get; init; }

    public string? CipherSuite { get; init; }

    public string? ServerCertificate { get; init; }

    public string? ServerIssuer { get; init; }

    public string? Software { get; init; }

    public required IReadOnlyList<string> Shown { get; init; }

    internal static UseJson From(CredentialUse use) => new()
    {
        DeviceId = use.Identity?.Device.Value,
        ModuleId = use.Identity?.Module?.Value,
        Credential = use.Credential,
        FirstUsed = use.FirstUsed.UtcDateTime,
        LastUsed = use.LastUsed.UtcDateTime,
        LastOldTls = use.LastOldTls?.UtcDateTime,
        Protocol = use.Protocol,
        TlsVersion = use.TlsVersion,
        CipherSuite = use.CipherSuite,
        ServerCertificate = use.ServerCertificate,
        ServerIssuer = use.ServerIssuer,
        Software = use.Software,
        Shown = use.Shown,
    };
}

/// <param name="Credential">What was asked for.</param>
/// <param name="Identities">Devices and modules that used it, on all pages.</param>
/// <param name="LastUsed">By anybody; null for nobody.</param>
/// <param name="Live">Sessions, and rights on AMQP connections, that stand on it now.</param>
/// <param name="OtherNodes">Other nodes that told theirs.</param>
/// <param name="Value">This page.</param>
/// <param name="Next">To be given as <c>after</c>; null on the last page.</param>
internal sealed record UsersJson(string Credential, long Identities, DateTime? LastUsed, int Live, int OtherNodes, IReadOnlyList<UseJson> Value, string? Next);

/// <param name="Name">TLS version, or software as it names itself.</param>
/// <param name="Identities">Devices and modules.</param>
/// <param name="LastUsed">By anybody.</param>
internal sealed record UseTotalJson(string Name, long Identities, DateTime LastUsed)
{
    internal static UseTotalJson From(UseTotal total) => new(total.Name, total.Identities, total.LastUsed.UtcDateTime);
}

/// <param name="Credential">Its name.</param>
/// <param name="Certificate">Name of the CA certificate; null for keys and thumbprints.</param>
/// <param name="Identities">Devices and modules.</param>
/// <param name="LastUsed">By anybody; null for nobody.</param>
/// <param name="Live">Of this node.</param>
internal sealed record CredentialTotalJson(string Credential, string? Certificate, long Identities, DateTime? LastUsed, int Live)
{
    internal static CredentialTotalJson From(CredentialTotal total) => new(total.Credential, total.Certificate, total.Identities, total.LastUsed?.UtcDateTime, total.Live);
}

internal sealed record UseSummaryJson(IReadOnlyList<CredentialTotalJson> Credentials, IReadOnlyList<UseTotalJson> TlsVersions, IReadOnlyList<UseTotalJson> Software)
{
    internal static UseSummaryJson From(UseSummary summary) => new(
        [.. summary.Credentials.Select(CredentialTotalJson.From)],
        [.. summary.TlsVersions.Select(UseTotalJson.From)],
        [.. summary.Software.Select(UseTotalJson.From)]);
}

/// <summary>What the query of these operations may say.</summary>
internal static class UseQuery
{
    /// <summary><c>since</c>: a time of ISO 8601; all times when it is absent.</summary>
    internal static Result<DateTimeOffset> Since(ApiRequest request) => request.Query("since") switch
    {
        null => DateTimeOffset.MinValue,
        var text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) => time,
        _ => HubErrors.ArgumentInvalid.With("since must be a time as 2026-11-28T00:00:00Z."),
    };

    /// <summary>Text of a place: the identity (empty for back ends), a space, the credential. Neither holds a space.</summary>
    internal static string? Write(UsePlace? place) => place is { } at ? $"{at.Identity} {at.Credential}" : null;

    internal static Result<UsePlace> After(ApiRequest request)
    {
        if (request.Query("after") is not { } text)
        {
            return default(UsePlace);
        }

        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return space == 0 ? new UsePlace(null, text[1..])
            : space > 0 && IdentityKey.TryParse(text[..space], out var identity) ? new UsePlace(identity, text[(space + 1)..])
            : HubErrors.ArgumentInvalid.With("after must be what the page before gave as next.");
    }
}
