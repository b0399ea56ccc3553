using Gatehouse.Store.Audit;

namespace Gatehouse.Hub.Audit;

/// <summary>A record of the audit log as doors show it.</summary>
/// <param name="Sequence">Number in the server's chain; a hub's own numbers have gaps.</param>
/// <param name="Time">UTC.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Action">What was done.</param>
/// <param name="Subject">To what.</param>
/// <param name="Detail">JSON text; null for none.</param>
/// <param name="Hash">SHA-256 of the chain up to this record, hexadecimal.</param>
public sealed record AuditItem(long Sequence, DateTimeOffset Time, string Actor, string Action, string Subject, string? Detail, string Hash)
{
    internal static AuditItem From(AuditEntry entry) => new(
        entry.Sequence, entry.Time, entry.Fields.Actor, entry.Fields.Action, entry.Fields.Subject, entry.Fields.Detail, Convert.ToHexString(entry.Hash.Span));
}

/// <summary>Result of walking the chain.</summary>
/// <param name="IsIntact">No record was altered, removed or reordered.</param>
/// <param name="Records">Records verified.</param>
/// <param name="FirstSequence">Oldest record kept.</param>
/// <param name="LastSequence">Newest record.</param>
/// <param name="BrokenAt">First record that does not fit; null when intact.</param>
/// <param name="Problem">What does not fit; null when intact.</param>
public sealed record AuditCheck(bool IsIntact, long Records, long FirstSequence, long LastSequence, long? BrokenAt, string? Problem);
