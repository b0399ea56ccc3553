using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Resources;
using Gatehouse.Store;

namespace Gatehouse.Hub.Revoking;

/// <summary>What a hub has revoked, for its operators: each change is one transaction with its audit record and its signal, and is in force on this node when it returns.</summary>
public sealed class RevocationList(Database database, KnownRevocations known, CaCertificates authorities, RevocationOptions options, CertificateOptions certificates, TimeProvider time)
{
    private readonly RevocationInput input = new(certificates.MaxCertificateBytes, options.MaxNoteLength);

    /// <summary>The newest first.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="before">Only entries before this place in the order.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    public async Task<IReadOnlyList<Revocation>> ListAsync(HubName hub, long before, int max, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync((connection, cancel) => RevocationRows.ListAsync(connection, hub, before, max, cancel), cancellationToken);
        return [.. rows.Select(row => row.ToEntry())];
    }

    /// <summary>What <see cref="RevokeAsync"/> would do; nothing is changed.</summary>
    public async Task<Result<RevocationEffect>> RehearseAsync(HubName hub, RevocationRequest request, string actor, CancellationToken cancellationToken)
    {
        var subject = await ReadAsync(hub, request, actor, cancellationToken);
        if (!subject.IsOk)
        {
            return subject.Error;
        }

        var (entry, thumbprints) = (subject.Value.Entry, subject.Value.Thumbprints);
        var registered = thumbprints.Length == 0 ? [] : await database.ReadAsync(
            (connection, cancel) => RevocationRows.FindRegisteredAsync(connection, database.Dialect, hub, thumbprints, RevocationEffect.MaxShown, cancel), cancellationToken);
        var present = await database.ReadAsync((connection, cancel) => RevocationRows.FindAsync(connection, null, hub, entry.Mark, cancel), cancellationToken);
        return Effect(hub, present?.ToEntry() ?? entry, present is null, registered);
    }

    /// <summary>Puts it on the list. What is there already stays as it is, except that a hold may become final. GenericConflict when the list is full.</summary>
    public async Task<Result<RevocationEffect>> RevokeAsync(HubName hub, RevocationRequest request, string actor, CancellationToken cancellationToken)
    {
        var subject = await ReadAsync(hub, request, actor, cancellationToken);
        if (!subject.IsOk)
        {
            return subject.Error;
        }

        // Looked up before it is in force, which ends them.
        var effect = Effect(hub, subject.Value.Entry, isNew: true, []);
        var saved = await database.WriteAsync((write, cancel) => SaveAsync(write, hub, subject.Value.Entry, cancel), cancellationToken);
        if (!saved.IsOk)
        {
            return saved.Error;
        }

        await known.RefreshAsync(cancellationToken);
        return effect with { Entry = saved.Value.Value, IsNew = saved.Value.IsNew };
    }

    /// <summary>Takes an entry away. GenericConflict for one that is no hold, unless it was a mistake.</summary>
    public async Task<Result<Revocation>> UndoAsync(HubName hub, string mark, bool isMistake, string actor, CancellationToken cancellationToken)
    {
        if (!CertificateMark.TryParse(mark, out var parsed))
        {
            return HubErrors.ArgumentInvalid.With("The entry is named by its mark, 64 hexadecimal digits.");
        }

        var undone = await database.WriteAsync<Revocation>(
            async (write, cancel) =>
            {
                if (await HubLock.TakeAsync(write, database.Dialect, hub, cancel) is { } missing)
                {
                    return missing;
                }

                if (await RevocationRows.FindAsync(write.Connection, write.Transaction, hub, parsed, cancel) is not { } row)
                {
                    return HubErrors.GenericNotFound.With($"The list has no entry {parsed}.");
                }

                var entry = row.ToEntry();
                if (!entry.IsHold && !isMistake)
                {
                    return HubErrors.GenericConflict.With($"The entry is final ({Revocation.WordOf(entry.Reason)}); only a certificateHold is meant to be taken back. If it was a mistake, say so.");
                }

                await RevocationRows.DeleteAsync(write, row, cancel);
                await RevocationRows.NextAsync(write, hub, isUndone: true, cancel);
                Record(write, hub, entry, actor, isMistake ? "revocation.undo.mistake" : "revocation.undo");
                return entry;
            },
            cancellationToken);
        if (undone.IsOk)
        {
            await known.RefreshAsync(cancellationToken);
        }

        return undone;
    }

    /// <summary>As much of a note as an entry may have.</summary>
    internal string Fit(string note) => note.Length <= options.MaxNoteLength ? note : note[..options.MaxNoteLength];

    private async Task<Result<RevocationSubject>> ReadAsync(HubName hub, RevocationRequest request, string actor, CancellationToken cancellationToken)
    {
        if (request is { CaName: { } name, Certificate: null })
        {
            var authority = await authorities.FindAsync(hub, name, cancellationToken);
            if (!authority.IsOk)
            {
                return authority.Error;
            }

            request = request with { Certificate = Convert.ToBase64String(authority.Value.Certificate.Span) };
        }

        return input.Read(request, actor, time.GetUtcNow());
    }

    private async Task<Result<Saved<Revocation>>> SaveAsync(WriteTransaction write, HubName hub, Revocation entry, CancellationToken cancellationToken)
    {
        if (await HubLock.TakeAsync(write, database.Dialect, hub, cancellationToken) is { } missing)
        {
            return missing;
        }

        var present = (await RevocationRows.FindAsync(write.Connection, write.Transaction, hub, entry.Mark, cancellationToken))?.ToEntry();
        if (present is not null && (!present.IsHold || entry.IsHold))
        {
            return new Saved<Revocation>(present, IsNew: false);
        }

        if (present is null && await RevocationRows.CountAsync(write, hub, cancellationToken) >= options.MaxPerHub)
        {
            return HubErrors.GenericConflict.With($"The list has {options.MaxPerHub} entries already, the most it can hold. Revoke the issuer, or take away entries of certificates that have expired.");
        }

        var saved = entry with { Sequence = await RevocationRows.NextAsync(write, hub, isUndone: false, cancellationToken) };
        await RevocationRows.SaveAsync(write, RevocationRow.From(hub.Value, saved), cancellationToken);
        Record(write, hub, saved, saved.Actor, present is null ? "revocation.create" : "revocation.update");
        return new Saved<Revocation>(saved, IsNew: present is null);
    }

    private static void Record(WriteTransaction write, HubName hub, Revocation entry, string actor, string action)
    {
        var detail = new JsonObject
        {
            ["kind"] = Revocation.WordOf(entry.Kind),
            ["reason"] = Revocation.WordOf(entry.Reason),
            ["note"] = entry.Note,
            ["certificateSubject"] = entry.Subject,
            ["certificateIssuer"] = entry.Issuer,
            ["serialNumber"] = entry.SerialNumber,
        };
        write.Audit(new AuditRecord { Hub = hub.Value, Actor = actor, Action = action, Subject = entry.Mark.ToString(), Detail = detail.ToJsonString() });
        write.Signal(new Signal(SignalSubjects.RevocationsChanged, hub.Value, entry.Mark.ToString()));
    }

    private RevocationEffect Effect(HubName hub, Revocation entry, bool isNew, IReadOnlyList<string> registered)
    {
        var live = known.Find(hub, entry.ShortMarks).Select(use => use.Principal.Identity.ToString()!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return new RevocationEffect(entry, isNew, [.. live.Take(RevocationEffect.MaxShown)], live.Count, registered);
    }
}
