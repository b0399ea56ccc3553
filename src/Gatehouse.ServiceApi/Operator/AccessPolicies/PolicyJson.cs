using Gatehouse.Hub.AccessPolicies;
using Gatehouse.ServiceApi.Rest;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Operator.AccessPolicies;

/// <summary>A policy in answers; names of the management API's SharedAccessSignatureAuthorizationRule.</summary>
internal sealed class PolicyJson
{
    public required string KeyName { get; init; }

    public required string Rights { get; init; }

    public required string PrimaryKey { get; init; }

    public required string SecondaryKey { get; init; }

    public required string Etag { get; init; }

    public required DateTime Created { get; init; }

    public required DateTime Updated { get; init; }

    public override string ToString() => $"policy {KeyName} ***";

    internal static PolicyJson From(AccessPolicy policy) => new()
    {
        KeyName = policy.Name,
        Rights = RightsText.Write(policy.Rights),
        PrimaryKey = policy.PrimaryKey,
        SecondaryKey = policy.SecondaryKey,
        Etag = policy.ETag,
        Created = policy.Created.UtcDateTime,
        Updated = policy.Updated.UtcDateTime,
    };

    internal static ApiResponse Answer(AccessPolicy policy, bool isNew = false) =>
        ApiResponse.Json(From(policy), OperatorJson.Types.PolicyJson, policy.ETag, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
}

/// <summary>Body of PUT.</summary>
internal sealed class PolicyBody
{
    public string? Rights { get; init; }

    public string? PrimaryKey { get; init; }

    public string? SecondaryKey { get; init; }

    public override string ToString() => "***";
}

/// <summary>Body of regenerate-key.</summary>
internal sealed record RegenerateKeyBody(string? Key);
