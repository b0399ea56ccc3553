using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Twins;

/// <summary>A reported patch on its way to the store.</summary>
internal sealed class PendingReport(TwinPlace place, string? generationId, JsonObject patch, int bytes, long? expectedVersion)
{
    private readonly TaskCompletionSource<Result<long>> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal TwinPlace Place { get; } = place;

    /// <summary>Of the reporter's identity; null for any.</summary>
    internal string? GenerationId { get; } = generationId;

    internal JsonObject Patch { get; } = patch;

    /// <summary>Length of the patch as it came.</summary>
    internal int Bytes { get; } = bytes;

    internal long? ExpectedVersion { get; } = expectedVersion;

    /// <summary>What the device is told once the transaction has ended well.</summary>
    internal Result<long> Outcome { get; set; }

    /// <summary>The reported half as this patch left it.</summary>
    internal ReportedState? State { get; set; }

    internal Task<Result<long>> Answer => answer.Task;

    internal void Finish(Result<long> result) => answer.TrySetResult(result);
}

/// <summary>Whose twin.</summary>
internal readonly record struct TwinPlace(HubName Hub, IdentityKey Key) : IComparable<TwinPlace>
{
    /// <summary>The order in which several twins are locked.</summary>
    public int CompareTo(TwinPlace other)
    {
        var order = string.CompareOrdinal(Hub.Value, other.Hub.Value);
        order = order != 0 ? order : string.CompareOrdinal(Key.Device.Value, other.Key.Device.Value);
        return order != 0 ? order : string.CompareOrdinal(Key.Module?.Value, other.Key.Module?.Value);
    }
}
