using System.Text.Json;
using Gatehouse.Hub.Audit;

namespace Gatehouse.ServiceApi.Operator.Audit;

/// <summary>A record of the audit log in answers.</summary>
internal sealed record AuditJson(long Sequence, DateTime Time, string Actor, string Action, string Subject, JsonElement? Detail, string Hash)
{
    internal static AuditJson From(AuditItem item) =>
        new(item.Sequence, item.Time.UtcDateTime, item.Actor, item.Action, item.Subject, item.Detail is null ? null : JsonElement.Parse(item.Detail), item.Hash);
}

/// <summary>A refusal in answers.</summary>
internal sealed record RefusalJson(
    long Sequence, DateTime Time, string Identity, string Reason, int ErrorCode, string Detail, string Protocol, string? RemoteAddress, long Repeats, string? Service)
{
    internal static RefusalJson From(RefusalItem item) =>
        new(item.Sequence, item.Time.UtcDateTime, item.Identity, item.Reason, item.ErrorCode, item.Detail, item.Protocol, item.RemoteAddress, item.Repeats, item.Service);
}
