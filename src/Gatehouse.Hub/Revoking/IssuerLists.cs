using System.Data.Common;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Resources;
using Gatehouse.Identity.X509;
using Gatehouse.Store;

namespace Gatehouse.Hub.Revoking;

/// <summary>Revocation lists (CRLs) of outside CAs that an operator brings, and what becomes of a CA's devices while its list is stale. Nothing is ever fetched.</summary>
/// <remarks>decisions/0036. Each change is one transaction with its audit record and its signal, and is in force on this node when it returns.</remarks>
public sealed class IssuerLists(Database database, KnownRevocations known, RevocationOptions options, CertificateOptions certificates, TimeProvider time)
{
    private readonly IssuerListRules rules = new(options);

    /// <summary>Most bytes of a list that is sent: of DER, or of PEM with the text that openssl writes before it.</summary>
    public int MaxContentBytes => (int)Math.Min(int.MaxValue / 2, 4L * CertificateRevocationList.MaxBytes(options.MaxListEntries));

    /// <summary>By the names of their CAs.</summary>
    public async Task<IReadOnlyList<IssuerListView>> ListAsync(HubName hub, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync((connection, cancel) => IssuerListRows.ListAsync(connection, null, hub, cancel), cancellationToken);
        return [.. rows.Select(row => row.ToView(time.GetUtcNow()))];
    }

    /// <param name="hub">Tenant.</param>
    /// <param name="ca">Name of the CA certificate, or the issuer's mark. GenericNotFound when there is no list of it.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    public async Task<Result<IssuerListView>> FindAsync(HubName hub, string ca, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, cancel) => FindAsync(connection, null, hub, ca, cancel), cancellationToken);
        return row.IsOk ? row.Value.ToView(time.GetUtcNow()) : row.Error;
    }

    /// <summary>What <see cref="ImportAsync"/> would do; nothing is changed.</summary>
    public async Task<Result<IssuerListEffect>> RehearseAsync(HubName hub, ReadOnlyMemory<byte> content, IssuerListImport how, string actor, CancellationToken cancellationToken)
    {
        if (!CertificateRevocationList.TryRead(content, options.MaxListEntries, out var list, out var fault))
        {
            return IssuerListRules.Invalid(fault);
        }

        var plan = await database.ReadAsync((connection, cancel) => PlanAsync(connection, null, hub, list, how, actor, cancel), cancellationToken);
        return plan.IsOk ? Effect(hub, plan.Value) : plan.Error;
    }

    /// <summary>Takes a list, complete or delta. ArgumentInvalid for one that cannot be taken, GenericConflict for one that is not newer than that in force, or too long.</summary>
    public async Task<Result<IssuerListEffect>> ImportAsync(HubName hub, ReadOnlyMemory<byte> content, IssuerListImport how, string actor, CancellationToken cancellationToken)
    {
        if (!CertificateRevocationList.TryRead(content, options.MaxListEntries, out var list, out var fault))
        {
            return IssuerListRules.Invalid(fault);
        }

        // Looked up before it is in force, which ends them.
        var foreseen = await database.ReadAsync((connection, cancel) => PlanAsync(connection, null, hub, list, how, actor, cancel), cancellationToken);
        if (!foreseen.IsOk)
        {
            return foreseen.Error;
        }

        var effect = Effect(hub, foreseen.Value);
        if (!effect.IsNew)
        {
            return effect;
        }

        var saved = await database.WriteAsync<Plan>(
            async (write, cancel) =>
            {
                if (await HubLock.TakeAsync(write, database.Dialect, hub, cancel) is { } missing)
                {
                    return missing;
                }

                var plan = await PlanAsync(write.Connection, write.Transaction, hub, list, how, actor, cancel);
                if (plan.IsOk && plan.Value.IsNew)
                {
                    await IssuerListRows.SaveAsync(write, plan.Value.After, cancel);
                    Record(write, plan.Value.After, actor, "revocationList.import");
                }

                return plan;
            },
            cancellationToken);
        if (!saved.IsOk)
        {
            return saved.Error;
        }

        await known.RefreshAsync(cancellationToken);
        return effect with { List = saved.Value.After.ToView(time.GetUtcNow()) };
    }

    /// <summary>Sets what becomes of a CA's devices while its list is missing or past its time. GenericNotFound when the hub has no CA certificate of that name.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="ca">Name of the CA certificate.</param>
    /// <param name="stale"><c>accept</c> or <c>refuse</c>.</param>
    /// <param name="isDrill">Only say what would be.</param>
    /// <param name="actor">Who.</param>
    /// <param name="cancellationToken">Ends it before it is done.</param>
    public async Task<Result<IssuerListEffect>> SetRuleAsync(HubName hub, string ca, string? stale, bool isDrill, string actor, CancellationToken cancellationToken)
    {
        if (!Revocation.TryReadWord<StaleListRule>(stale, out var rule))
        {
            return HubErrors.ArgumentInvalid.With("stale must be accept or refuse.");
        }

        var plan = isDrill
            ? await database.ReadAsync((connection, cancel) => PlanAsync(connection, null, cancel), cancellationToken)
            : await database.WriteAsync(
                async (write, cancel) =>
                {
                    if (await HubLock.TakeAsync(write, database.Dialect, hub, cancel) is { } missing)
                    {
                        return missing;
                    }

                    var changed = await PlanAsync(write.Connection, write.Transaction, cancel);
                    if (changed.IsOk && changed.Value.IsNew)
                    {
                        await IssuerListRows.SaveAsync(write, changed.Value.After, cancel);
                        Record(write, changed.Value.After, actor, "revocationList.rule");
                    }

                    return changed;
                },
                cancellationToken);
        if (!plan.IsOk)
        {
            return plan.Error;
        }

        if (!isDrill)
        {
            await known.RefreshAsync(cancellationToken);
        }

        var authority = CertificateOutline.TryRead(plan.Value.After.ToList().Authority, out var outline) ? outline : throw new InvalidDataException("A CA certificate that was taken cannot be read.");
        return Effect(hub, plan.Value, [authority.Key.Short, authority.SubjectName.Short]);

        async Task<Result<Plan>> PlanAsync(DbConnection connection, DbTransaction? transaction, CancellationToken cancel)
        {
            if (await CaCertificateRows.FindAsync(connection, transaction, hub, ca, cancel) is not { } row)
            {
                return HubErrors.GenericNotFound.With($"There is no certificate '{ResourceName.Cut(ca)}'.");
            }

            var authority = Read(row);
            if (authority is null)
            {
                return HubErrors.ArgumentInvalid.With($"The certificate '{row.Name}' is not that of an issuer.");
            }

            var before = await RowAsync(connection, transaction, hub, row, authority, actor, cancel);
            return !before.IsOk ? before.Error : new Plan(before.Value, before.Value.Stale == Word(rule) ? before.Value : before.Value with
            {
                Stale = Word(rule),
                Version = ResourceName.NewETag(),
                Actor = actor,
                Updated = time.GetUtcNow().UtcTicks,
            });
        }
    }

    /// <summary>Takes away a CA's list with its rule: what only it revoked is let in again. GenericNotFound when there is none.</summary>
    public async Task<Result<IssuerListView>> RemoveAsync(HubName hub, string ca, string actor, CancellationToken cancellationToken)
    {
        var removed = await database.WriteAsync(
            async (write, cancel) =>
            {
                if (await HubLock.TakeAsync(write, database.Dialect, hub, cancel) is { } missing)
                {
                    return missing;
                }

                var row = await FindAsync(write.Connection, write.Transaction, hub, ca, cancel);
                if (row.IsOk)
                {
                    await IssuerListRows.DeleteAsync(write, row.Value, cancel);
                    Record(write, row.Value, actor, "revocationList.remove");
                }

                return row;
            },
            cancellationToken);
        if (!removed.IsOk)
        {
            return removed.Error;
        }

        await known.RefreshAsync(cancellationToken);
        return removed.Value.ToView(time.GetUtcNow());
    }

    private async Task<Result<Plan>> PlanAsync(
        DbConnection connection, DbTransaction? transaction, HubName hub, CertificateRevocationList list, IssuerListImport how, string actor, CancellationToken cancellationToken)
    {
        var signer = await FindSignerAsync(connection, transaction, hub, list, how.CaName, cancellationToken);
        if (!signer.IsOk)
        {
            return signer.Error;
        }

        if (rules.Fault(list, how.IsWhole, time.GetUtcNow()) is { } fault)
        {
            return fault;
        }

        var before = await RowAsync(connection, transaction, hub, signer.Value.Row, signer.Value.Authority, actor, cancellationToken);
        var after = before.IsOk ? IssuerListRules.Follow(before.Value, list) : before.Error;
        if (!after.IsOk || ReferenceEquals(after.Value, before.Value))
        {
            return after.IsOk ? new Plan(before.Value, before.Value) : after.Error;
        }

        var all = await IssuerListRows.ListAsync(connection, transaction, hub, cancellationToken);
        var others = all.Where(each => each.Issuer != after.Value.Issuer).Sum(each => each.Entries);
        return others + after.Value.Entries > options.MaxListEntries
            ? HubErrors.GenericConflict.With($"The hub's lists would have {others + after.Value.Entries} entries together; {options.MaxListEntries} is the most (max-crl-entries).")
            : new Plan(before.Value, after.Value with { Actor = actor, Updated = time.GetUtcNow().UtcTicks });
    }

    private static async Task<Result<Signer>> FindSignerAsync(
        DbConnection connection, DbTransaction? transaction, HubName hub, CertificateRevocationList list, string? name, CancellationToken cancellationToken)
    {
        var rows = await CaCertificateRows.ListAsync(connection, hub, transaction, cancellationToken);
        if (name is not null)
        {
            rows = [.. rows.Where(row => row.NameKey == ResourceName.KeyOf(name))];
            if (rows.Count == 0)
            {
                return HubErrors.GenericNotFound.With($"There is no certificate '{ResourceName.Cut(name)}'.");
            }
        }

        string? fault = null;
        foreach (var row in rows)
        {
            if (Read(row) is not { } authority || (name is null && !list.Names(authority)))
            {
                continue;
            }

            if (list.SignatureFault(authority) is not { } wrong)
            {
                return new Signer(row, authority);
            }

            fault = wrong;
        }

        return IssuerListRules.Invalid(fault ?? $"it is of {list.IssuerText}, and the hub has no CA certificate of that name and key");
    }

    // The CA's row as it is stored, or a new one with nothing in it.
    private async Task<Result<IssuerListRow>> RowAsync(
        DbConnection connection, DbTransaction? transaction, HubName hub, CaCertificateRow row, AuthorityCertificate authority, string actor, CancellationToken cancellationToken)
    {
        var issuer = authority.IssuerMark.ToString();
        if (await IssuerListRows.FindAsync(connection, transaction, hub.Value, issuer, cancellationToken) is { } present)
        {
            return present with { Name = row.Name, NameKey = row.NameKey, Authority = row.Certificate };
        }

        return (await IssuerListRows.ListAsync(connection, transaction, hub, cancellationToken)).Count >= certificates.MaxPerHub
            ? HubErrors.GenericConflict.With($"The hub has {certificates.MaxPerHub} revocation lists already, the most it can hold. Remove those of CAs that are gone.")
            : new IssuerListRow
            {
                Hub = hub.Value,
                Issuer = issuer,
                NameKey = row.NameKey,
                Name = row.Name,
                Authority = row.Certificate,
                Stale = Word(StaleListRule.Accept),
                Version = "",
                IsDelta = 0,
                ThisUpdate = 0,
                NextUpdate = 0,
                Entries = 0,
                Serials = [],
                Actor = actor,
                Updated = time.GetUtcNow().UtcTicks,
                StaleNoted = 0,
            };
    }

    private static async Task<Result<IssuerListRow>> FindAsync(DbConnection connection, DbTransaction? transaction, HubName hub, string ca, CancellationToken cancellationToken)
    {
        var all = await IssuerListRows.ListAsync(connection, transaction, hub, cancellationToken);
        var found = all.Where(row => row.Issuer.Equals(ca, StringComparison.OrdinalIgnoreCase) || row.NameKey == ResourceName.KeyOf(ca)).ToList();
        if (found.Count > 1 && await CaCertificateRows.FindAsync(connection, transaction, hub, ca, cancellationToken) is { } present && Read(present) is { } authority)
        {
            found.RemoveAll(row => row.Issuer != authority.IssuerMark.ToString());
        }

        return found.Count switch
        {
            0 => HubErrors.GenericNotFound.With($"There is no revocation list of a CA '{ResourceName.Cut(ca)}'."),
            1 => found[0],
            _ => HubErrors.GenericConflict.With($"There are lists of {found.Count} CAs that had the name '{ResourceName.Cut(ca)}': name one by its issuer ({string.Join(", ", found.Select(row => row.Issuer))})."),
        };
    }

    private static AuthorityCertificate? Read(CaCertificateRow row) =>
        AuthorityCertificate.TryRead(Convert.FromBase64String(row.Certificate), out var authority, out _) ? authority : null;

    private IssuerListEffect Effect(HubName hub, Plan plan) => Effect(hub, plan, plan.IsNew ? ListedMarks.Of(plan.After.ToList(), plan.Before.ToList().Serials) : []);

    private IssuerListEffect Effect(HubName hub, Plan plan, IEnumerable<ulong> marks)
    {
        var (before, after) = (plan.Before.ToList().Serials, plan.After.ToList().Serials);
        var live = known.Find(hub, marks).Select(use => use.Principal.Identity.ToString()!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return new IssuerListEffect(
            plan.After.ToView(time.GetUtcNow()),
            plan.IsNew,
            plan.IsNew ? after.Except(before).Count() : 0,
            plan.IsNew ? before.Except(after).Count() : 0,
            [.. live.Take(RevocationEffect.MaxShown)],
            live.Count);
    }

    private static void Record(WriteTransaction write, IssuerListRow row, string actor, string action)
    {
        var detail = new JsonObject
        {
            ["issuer"] = row.Issuer,
            ["number"] = row.Number,
            ["entries"] = row.Entries,
            ["nextUpdate"] = row.Number is null ? null : new DateTime(row.NextUpdate, DateTimeKind.Utc),
            ["thumbprint"] = row.Thumbprint,
            ["stale"] = row.Stale,
        };
        write.Audit(new AuditRecord { Hub = row.Hub, Actor = actor, Action = action, Subject = row.Name, Detail = detail.ToJsonString() });
        write.Signal(new Signal(SignalSubjects.RevocationsChanged, row.Hub, row.Issuer));
    }

    private static string Word(StaleListRule rule) => rule == StaleListRule.Refuse ? "refuse" : "accept";

    /// <param name="Row">As stored.</param>
    /// <param name="Authority">Its certificate.</param>
    private sealed record Signer(CaCertificateRow Row, AuthorityCertificate Authority);

    /// <param name="Before">As it is.</param>
    /// <param name="After">As it would be; the same version when nothing changes.</param>
    private sealed record Plan(IssuerListRow Before, IssuerListRow After)
    {
        internal bool IsNew => Before.Version != After.Version;
    }
}
