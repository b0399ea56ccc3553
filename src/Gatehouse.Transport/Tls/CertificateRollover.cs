using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Tls;

/// <summary>Changes the server's certificate or root step by step. Every step is one write of <see cref="RolloverFile"/>; files that it does not name are swept away.</summary>
internal sealed class CertificateRollover : IServerCertificates
{
    /// <summary>Audit records that wait; more, and the store has been away for long.</summary>
    private const int MostRecords = 64;

    private static readonly TimeSpan LeastWatch = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MostWatch = TimeSpan.FromDays(30);

    private readonly Lock _lock = new();
    private readonly TlsOptions _options;
    private readonly MadeCertificates _first;
    private readonly ServerCertificates _certificates;
    private readonly RolloverWatch _watch;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly RolloverStore _store;

    public CertificateRollover(TlsOptions options, MadeCertificates first, ServerCertificates certificates, RolloverWatch watch, TimeProvider time, ILogger<CertificateRollover> log)
    {
        (_options, _first, _certificates, _watch, _time, _log) = (options, first, certificates, watch, time, log);
        _store = new RolloverStore(options, first);
        _store.Tidy();
    }

    /// <summary>Called before each step of a change with its name; throwing is being killed there. For tests.</summary>
    internal Action<string> Before { get; set; } = static _ => { };

    public IReadOnlyList<AuditRecord> Unrecorded => _store.File.Records;

    private RolloverFile File => _store.File;

    public ServerCertificateState Read()
    {
        lock (_lock)
        {
            return View();
        }
    }

    public void MarkRecorded(int count)
    {
        lock (_lock)
        {
            _store.Write(File with { Records = [.. File.Records.Skip(count)] });
        }
    }

    public Result<ServerCertificateState> Stage(NextCertificate next, bool isDrill, ChangedBy by) => Run(() =>
    {
        if (File.Change is { } open)
        {
            return HubErrors.GenericConflict.With($"Another change is under way ({open.Phase}): discard, roll back or retire it first.");
        }

        var sources = (next.IsNewRoot ? 1 : 0) + (next.IsFromFiles ? 1 : 0) + (next.Chain is null && next.PrivateKey is null ? 0 : 1);
        return sources != 1 ? HubErrors.ArgumentInvalid.With("Either a certificate with its key is needed, or a new root, or the files.")
            : next.IsNewRoot ? StageRoot(isDrill, by)
            : next.IsFromFiles ? StageFiles(isDrill, by) : StageChain(next, isDrill, by);
    });

    public Result<ServerCertificateState> Canary(int percent, int rollBackAt, ChangedBy by) => Run(() =>
        percent is < 1 or > 99 || rollBackAt is < 0 or > 100 ? HubErrors.ArgumentInvalid.With("The share must be 1–99 percent, and that of the failures 0–100.")
        : File.Change is not { Phase: CertificateChange.Staged or CertificateChange.Canary } change ? NotNow("Nothing is staged.")
        : Step(change with { Phase = CertificateChange.Canary, Percent = percent, RollBackAt = rollBackAt, RolledBack = null }, "serverCertificate.canary", by, new JsonObject { ["percent"] = percent, ["rollBackAtPercent"] = rollBackAt }));

    public Result<ServerCertificateState> Switch(int rollBackAt, TimeSpan watch, ChangedBy by) => Run(() =>
        rollBackAt is < 0 or > 100 || watch < LeastWatch || watch > MostWatch ? HubErrors.ArgumentInvalid.With("The share of failures must be 0–100 percent, and the time that they are watched 60–2592000 seconds.")
        : File.Change is not { Phase: CertificateChange.Staged or CertificateChange.Canary } change ? NotNow("Nothing is staged.")
        : Step(
            change with { Phase = CertificateChange.Switched, RollBackAt = rollBackAt, SwitchedAt = _time.GetUtcNow(), WatchedUntil = _time.GetUtcNow() + watch, RolledBack = null },
            "serverCertificate.switch",
            by,
            new JsonObject { ["rollBackAtPercent"] = rollBackAt, ["watchSeconds"] = (long)watch.TotalSeconds }));

    public Result<ServerCertificateState> RollBack(ChangedBy by) => Run(() =>
        File.Change is not { Phase: CertificateChange.Canary or CertificateChange.Switched } change ? NotNow("Nothing is shown that could be taken back.") : RollBack(change, null, by));

    public Result<ServerCertificateState> Discard(ChangedBy by) => Run(() =>
    {
        if (File.Change is not { Phase: CertificateChange.Staged } change)
        {
            return NotNow(File.Change is null ? "Nothing is staged." : "It is shown: roll it back first.");
        }

        Commit(File with { Change = null }, "serverCertificate.discard", by, change.Id, []);
        _store.Tidy();
        return View();
    });

    public Result<ServerCertificateState> Retire(ChangedBy by) => Run(() =>
    {
        if (File.Change is not { Phase: CertificateChange.Switched } change)
        {
            return NotNow("Nothing was switched, so that nothing is to be retired.");
        }

        var (made, installed) = File.Next;
        Commit(File with { Made = made, Installed = installed, Change = null }, "serverCertificate.retire", by, change.Id, []);
        _store.Tidy();
        return View();
    });

    /// <summary>Takes the next certificate back when too many fail by it.</summary>
    public void Beat()
    {
        lock (_lock)
        {
            if (File.Change is { Phase: CertificateChange.Canary or CertificateChange.Switched } change && (change.WatchedUntil is not { } end || _time.GetUtcNow() < end)
                && _watch.Next.Read() is var seen && HandshakeTally.IsTooMuch(_watch.Present.Read(), seen, change.RollBackAt))
            {
                var reason = $"{seen.Refused + seen.Left} of {seen.Completed + seen.Refused} handshakes failed by it: {string.Join(", ", seen.Alerts.Select(static each => $"{each.Key} {each.Value}").Append($"left without a byte {seen.Left}"))}.";
                RollBack(change, reason, new ChangedBy(change.Hub, "server"));
                TransportLog.CertificateTakenBack(_log, reason);
            }
        }
    }

    private Result<ServerCertificateState> StageChain(NextCertificate next, bool isDrill, ChangedBy by)
    {
        var (accepted, fault) = CertificateCheck.Read(next, Needed(), _time.GetUtcNow());
        if (accepted is null)
        {
            return HubErrors.ArgumentInvalid.With(fault!);
        }

        var shown = ServerCertificate.Of(accepted.Leaf, accepted.Above);
        var id = NewId();
        var (view, warnings) = (RolloverView.Of(shown, "handed-in"), Warnings(shown));
        if (isDrill)
        {
            return View() with { Next = view, Warnings = warnings };
        }

        HandedInFiles.Write(_options.Folder, id, accepted);
        return Stage(CertificateChange.Certificate, id, view, warnings, by);
    }

    private Result<ServerCertificateState> StageRoot(bool isDrill, ChangedBy by)
    {
        var id = NewId();
        if (isDrill)
        {
            return View() with { Warnings = ["A new root and a certificate by it would be made, with the names of the present one. Clients must trust the new root before the switch."] };
        }

        var made = _first.Of(id);
        made.Begin();
        var shown = made.Ensure();
        return Stage(CertificateChange.Root, id, RolloverView.Of(shown, "made"), Warnings(shown), by);
    }

    private Result<ServerCertificateState> StageFiles(bool isDrill, ChangedBy by)
    {
        if (File.Installed is null)
        {
            return NotNow("No certificate was handed in: the files are shown already.");
        }

        var next = _certificates.Preview((File.Made, null));
        var missing = Needed().Where(name => !CertificateCheck.Covers(next.Default.Names, name)).ToList();
        return missing.Count > 0 ? HubErrors.ArgumentInvalid.With($"The certificate of the files does not name {string.Join(", ", missing)}, which the present one does.")
            : isDrill ? View() with { Next = RolloverView.Of(next, next.Default), Warnings = Warnings(next.Default) }
            : Stage(CertificateChange.Files, NewId(), RolloverView.Of(next, next.Default), Warnings(next.Default), by);
    }

    private ServerCertificateState Stage(string kind, string id, ShownCertificate view, IReadOnlyList<string> warnings, ChangedBy by)
    {
        var change = new CertificateChange { Id = id, Kind = kind, Phase = CertificateChange.Staged, Hub = by.Hub, StagedAt = _time.GetUtcNow(), Warnings = warnings };
        _watch.Begin();
        Commit(File with { Change = change }, "serverCertificate.stage", by, id, new JsonObject { ["source"] = view.Source, ["sha256"] = view.Sha256, ["root"] = view.Root, ["notAfter"] = view.NotAfter });
        return View();
    }

    private ServerCertificateState Step(CertificateChange change, string action, ChangedBy by, JsonObject facts)
    {
        // It must be there before the file says so.
        _ = _certificates.Preview(File.Next);
        _watch.BeginNext();
        Commit(File with { Change = change }, action, by, change.Id, facts);
        return View();
    }

    private ServerCertificateState RollBack(CertificateChange change, string? reason, ChangedBy by)
    {
        var back = change with { Phase = CertificateChange.Staged, RolledBack = reason ?? "By command.", SwitchedAt = null, WatchedUntil = null };
        Commit(File with { Change = back }, "serverCertificate.rollback", by, change.Id, new JsonObject { ["reason"] = back.RolledBack });
        return View();
    }

    private void Commit(RolloverFile file, string action, ChangedBy by, string id, JsonObject facts)
    {
        facts["change"] = id;
        var record = new AuditRecord { Hub = by.Hub, Actor = by.Actor, Action = action, Subject = "server", Detail = facts.ToJsonString() };
        Before("write");
        _store.Write(file with { Records = [.. File.Records, record] });
        Before("apply");
        _store.WriteRoots();
        _certificates.Apply(File);
    }

    private Result<ServerCertificateState> Run(Func<Result<ServerCertificateState>> step)
    {
        lock (_lock)
        {
            try
            {
                return File.Records.Count >= MostRecords ? HubErrors.ServiceUnavailable.With("Too many changes wait for the audit log; the store must come back first.") : step();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or TransportException or CryptographicException)
            {
                TransportLog.CertificateNotLoaded(_log, e.Message);
                return HubErrors.ServiceUnavailable.With($"The certificate's files cannot be used: {e.Message}");
            }
        }
    }

    /// <summary>What the present certificate names, but for what every made one names of this machine: that is still shown to who asks for it.</summary>
    private IReadOnlyList<string> Needed()
    {
        var present = _certificates.Present;
        return present.Default == present.Made ? [.. present.Made.Names.Except(PrivateRoot.Names([]))] : present.Default.Names;
    }

    private IReadOnlyList<string> Warnings(ServerCertificate next) => RolloverView.Warnings(_certificates.Present.Default, next);

    private ServerCertificateState View()
    {
        var (present, change) = (_certificates.Present, File.Change);
        var state = new ServerCertificateState { Present = RolloverView.Of(present, present.Default), Phase = change?.Phase ?? "none", Roots = _store.Roots() };
        if (change is null)
        {
            return state;
        }

        var next = _certificates.Next ?? _certificates.Preview(File.Next);
        return state with
        {
            Next = RolloverView.Of(next, change.Kind == CertificateChange.Root ? next.Made : next.Default),
            CanaryPercent = change.Phase == CertificateChange.Canary ? change.Percent : null,
            RollBackAtPercent = change.Phase == CertificateChange.Staged ? null : change.RollBackAt,
            Staged = change.StagedAt.UtcDateTime,
            Switched = change.SwitchedAt?.UtcDateTime,
            WatchedUntil = change.WatchedUntil?.UtcDateTime,
            RolledBack = change.RolledBack,
            Warnings = change.Warnings,
            PresentHandshakes = _watch.Present.Read(),
            NextHandshakes = _watch.Next.Read(),
        };
    }

    private static HubError NotNow(string reason) => HubErrors.InvalidOperation.With(reason);

    private static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
}
