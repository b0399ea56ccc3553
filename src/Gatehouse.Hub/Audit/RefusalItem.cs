using Gatehouse.Store.Refusals;

namespace Gatehouse.Hub.Audit;

/// <summary>A refusal as doors show it.</summary>
/// <param name="Sequence">Number of its audit record.</param>
/// <param name="Time">UTC.</param>
/// <param name="Identity">What the peer said it was; empty when it never said.</param>
/// <param name="Reason">Name of a <see cref="Contracts.Audit.RefusalReason"/>.</param>
/// <param name="ErrorCode">What the peer was told.</param>
/// <param name="Detail">What happened and what to do next.</param>
/// <param name="Protocol"><c>mqtt</c>, <c>mqtt-ws</c>, <c>https</c>.</param>
/// <param name="RemoteAddress">Null when unknown.</param>
/// <param name="Repeats">Further refusals of the same kind that this one stands for.</param>
/// <param name="Service">Provisioning service that refused it; null for the hub itself.</param>
public sealed record RefusalItem(
    long Sequence, DateTimeOffset Time, string Identity, string Reason, int ErrorCode, string Detail, string Protocol, string? RemoteAddress, long Repeats, string? Service)
{
    internal static RefusalItem From(RecordedRefusal refusal, string? service) => new(
        refusal.Sequence, refusal.Time, refusal.Claimed, refusal.Reason, refusal.ErrorCode, refusal.Detail, refusal.Protocol, refusal.RemoteAddress, refusal.Repeats, service);
}
