using System.Text.Json;
using Dapper;
using Gatehouse.Contracts.Audit;
using Gatehouse.Store.Audit;

namespace Gatehouse.Store.Refusals;

/// <summary>The SQL of refusals: each is an audit record and a row that is found by identity.</summary>
internal static class RefusalRows
{
    internal static async Task InsertAsync(WriteTransaction transaction, SqlDialect dialect, IReadOnlyList<(Refusal Refusal, long Repeats)> refusals, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var first = await AuditRows.AppendAsync(transaction.Connection, transaction.Transaction, dialect, [.. refusals.Select(entry => ToAudit(entry.Refusal, entry.Repeats))], now, cancellationToken);
        var rows = refusals.Select((entry, index) => new
        {
            sequence = first + index,
            time = AuditEntry.ToMicros(now),
            hub = Clean(entry.Refusal.Hub) ?? "",
            claimed = Clean(entry.Refusal.Claimed) ?? "",
            reason = entry.Refusal.Reason.ToString(),
            errorCode = (long)entry.Refusal.Error.Code,
            detail = Clean(entry.Refusal.Detail)!,
            protocol = entry.Refusal.Protocol,
            remoteAddress = entry.Refusal.RemoteAddress,
            repeats = entry.Repeats,
        });
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO refusals (sequence, time, hub, claimed, reason, error_code, detail, protocol, remote_address, repeats)
            VALUES (@sequence, @time, @hub, @claimed, @reason, @errorCode, @detail, @protocol, @remoteAddress, @repeats)
            """,
            rows, transaction.Transaction, cancellationToken: cancellationToken));
    }

    /// <summary>Keeps the newest rows of these identities, and the newest of all.</summary>
    internal static async Task TrimAsync(WriteTransaction transaction, IEnumerable<(string? Hub, string? Claimed)> identities, RefusalOptions options, CancellationToken cancellationToken)
    {
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            DELETE FROM refusals WHERE hub = @hub AND claimed = @claimed AND sequence <=
              (SELECT sequence FROM refusals WHERE hub = @hub AND claimed = @claimed ORDER BY sequence DESC LIMIT 1 OFFSET @kept)
            """,
            identities.Select(identity => new { hub = Clean(identity.Hub) ?? "", claimed = Clean(identity.Claimed) ?? "", kept = options.KeptPerIdentity }), transaction.Transaction, cancellationToken: cancellationToken));
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM refusals WHERE sequence <= (SELECT sequence FROM refusals ORDER BY sequence DESC LIMIT 1 OFFSET @kept)",
            new { kept = options.KeptInAll }, transaction.Transaction, cancellationToken: cancellationToken));
    }

    private static AuditRecord ToAudit(Refusal refusal, long repeats)
    {
        var detail = JsonSerializer.Serialize(
            new RefusalDetail(refusal.Reason.ToString(), refusal.Error.Code, Clean(refusal.Detail)!, refusal.Protocol, refusal.RemoteAddress, repeats), RefusalJson.Default.RefusalDetail);
        return new AuditRecord
        {
            Hub = Clean(refusal.Hub),
            Actor = refusal.RemoteAddress is { } address ? $"peer:{address}" : "peer",
            Action = refusal.Protocol == "https" ? "request.refused" : "connect.refused",
            Subject = Clean(refusal.Claimed) ?? "",
            Detail = detail,
        };
    }

    /// <summary>What a peer claimed may hold anything: control characters become U+FFFD (PostgreSQL takes no NUL, terminals take no escapes), and it is cut.</summary>
    internal static string? Clean(string? text)
    {
        const int Longest = 1_024;
        if (text is null)
        {
            return null;
        }

        text = text.Length > Longest ? text[..Longest] : text;
        return text.AsSpan().IndexOfAnyInRange('\0', '\u001f') < 0 && !text.Any(c => char.IsControl(c) || char.IsSurrogate(c))
            ? text
            : string.Create(text.Length, text, (span, source) =>
            {
                for (var i = 0; i < span.Length; i++)
                {
                    span[i] = char.IsControl(source[i]) || char.IsSurrogate(source[i]) ? '\ufffd' : source[i];
                }
            });
    }
}
