using System.Globalization;
using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.AccessPolicies;

/// <summary>A shared access policy on the wire.</summary>
/// <remarks>Source: SharedAccessSignatureAuthorizationRule of the service's management API. Keys are in answers that were asked for by name only.</remarks>
internal sealed record PolicyDocument
{
    public string? KeyName { get; init; }

    /// <summary>Base64 of 16–64 bytes. In a change: left out or empty they stay, in a new policy they are made.</summary>
    public string? PrimaryKey { get; init; }

    public string? SecondaryKey { get; init; }

    /// <summary>Words of <see cref="RightsWords"/>, with commas between.</summary>
    public string? Rights { get; init; }

    public string? Created { get; init; }

    public string? Updated { get; init; }

    public string? Etag { get; init; }

    public override string ToString() => $"policy {KeyName} ***";

    internal static PolicyDocument Of(PolicyRow row) => new()
    {
        KeyName = row.Name,
        Rights = RightsWords.Of((Rights)row.Rights),
        Created = WireTime.Of(row.Created),
        Updated = WireTime.Of(row.Changed),
        Etag = EntityTag.Show(EtagOf(row)),
    };

    // The time of a change: it moves even when the clock does not.
    internal static string EtagOf(PolicyRow row) => row.Changed.ToString("x", CultureInfo.InvariantCulture);
}

internal sealed record PolicyList(IReadOnlyList<PolicyDocument> Value);

/// <summary>Body of regenerateKey: <c>primary</c>, <c>secondary</c> or <c>swap</c>.</summary>
internal sealed record RegenerateKeyBody(string? Key);
