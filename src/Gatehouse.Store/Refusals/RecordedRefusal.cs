namespace Gatehouse.Store.Refusals;

/// <summary>A refusal as an operator reads it back.</summary>
/// <param name="Sequence">Number of its audit record.</param>
/// <param name="Time">UTC.</param>
/// <param name="Claimed">What the peer said it was.</param>
/// <param name="Reason">Name of a <see cref="Contracts.Audit.RefusalReason"/>.</param>
/// <param name="ErrorCode">Catalogue number that the peer was given.</param>
/// <param name="Detail">What happened and what to do.</param>
/// <param name="Protocol"><c>mqtt</c>, <c>mqtt-ws</c>, <c>https</c>.</param>
/// <param name="RemoteAddress">Where it came from; null when unknown.</param>
/// <param name="Repeats">Further refusals of the same kind that this record stands for.</param>
public sealed record RecordedRefusal(long Sequence, DateTimeOffset Time, string Claimed, string Reason, int ErrorCode, string Detail, string Protocol, string? RemoteAddress, long Repeats);
