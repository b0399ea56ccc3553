namespace Gatehouse.ServiceApi.Rest.Devices;

/// <summary>Body of <c>POST /devices/keys/regenerate</c>.</summary>
internal sealed class RegenerateKeysBody
{
    /// <summary><c>primaryKey</c>, <c>secondaryKey</c> or, unconfirmed, <c>swap</c>.</summary>
    public string? PolicyKey { get; init; }

    public IReadOnlyList<KeyOwner?>? Devices { get; init; }
}

/// <summary>A device or module whose keys are made anew.</summary>
internal sealed class KeyOwner
{
    public string? Id { get; init; }

    public string? ModuleId { get; init; }
}

/// <summary>Answer of <c>POST /devices/keys/regenerate</c>.</summary>
internal sealed record RegenerateKeysAnswer(string PolicyKey, IReadOnlyList<RotatedKeys> RotatedKeys, IReadOnlyList<RegenerateKeysError> Errors);

/// <summary>The keys of an identity as they are now.</summary>
internal sealed record RotatedKeys(string Id, string? ModuleId, string PrimaryKey, string SecondaryKey)
{
    public override string ToString() => $"{Id} {ModuleId} ***";
}

/// <summary>Why an identity kept its keys.</summary>
internal sealed record RegenerateKeysError(string Id, string? ModuleId, string ErrorCode, string ErrorStatus);
