using System.Security.Cryptography;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Revoking;
using Gatehouse.Hub.Tests.Certificates;
using Gatehouse.Identity.X509;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteRevocationTests() : RevocationSuite(null);

public sealed class PostgresRevocationTests(PostgresServer server) : RevocationSuite(server);

/// <summary>A hub's revocation list: what goes on it, what it is known by, what stays on it, and that every node has it.</summary>
public abstract class RevocationSuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_revocation_is_in_force_when_it_returns_with_its_record_and_tells_who_stands_on_it()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var authority = new TestAuthority();
        var outline = Outline(authority.Issue("CN=d1"), out var der);
        using var live = new LiveUses(hub, "d1", outline.Thumbprint.Short);
        var request = new RevocationRequest { Kind = "certificate", Certificate = Convert.ToBase64String(der), Reason = "KeyCompromise", Note = "laptop lost" };

        var drill = (await List(hub).RehearseAsync(hub.Hub, request, HubHost.Actor, Token)).Value;
        Assert.Equal((true, 0L, 1, 0), (drill.IsNew, drill.Entry.Sequence, drill.LiveCount, live.Judged));
        Assert.Equal((0, 0), (Known(hub).Of(hub.Hub).Count, (await hub.AuditedAsync()).Count));

        var done = (await List(hub).RevokeAsync(hub.Hub, request, HubHost.Actor, Token)).Value;

        Assert.Equal((true, 1L, "d1", 1, 1), (done.IsNew, done.Entry.Sequence, Assert.Single(done.Live), done.LiveCount, live.Judged));
        Assert.Equal(drill.Entry with { Sequence = 1 }, done.Entry);
        var entry = Known(hub).Of(hub.Hub).Find(outline.Thumbprint)!;
        Assert.Equal((RevocationKind.Certificate, RevocationReason.KeyCompromise, "laptop lost", HubHost.Actor, hub.Time.GetUtcNow(), outline.SerialNumber), (entry.Kind, entry.Reason, entry.Note, entry.Actor, entry.Time, entry.SerialNumber));
        Assert.Equal([$"revocation.create {outline.Thumbprint}"], await hub.AuditedAsync());
        Assert.Equal(RevocationSet.Empty, Known(hub).Of(HubName.Parse("another")));
    }

    [Fact]
    public async Task Every_way_to_name_what_is_revoked_leads_to_the_mark_that_certificates_are_judged_by()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var authority = new TestAuthority();
        var ca = Outline(authority.Der, out _);
        await hub.Get<CaCertificates>().PutAsync(hub.Hub, "plant-7", new CertificateUpload(authority.Pem, false), IfMatch.Absent, HubHost.Actor, Token);
        var (first, second, third) = (Outline(authority.Issue("CN=d1"), out _), Outline(authority.Issue("CN=d2"), out var secondDer), Outline(authority.Issue("CN=d3"), out _));

        await RevokedAsync(hub, new() { Kind = "certificate", Thumbprint = first.Thumbprint.ToString().ToLowerInvariant() }, first.Thumbprint);
        await RevokedAsync(hub, new() { Kind = "certificate", IssuerCertificate = authority.Pem, SerialNumber = "00:" + first.SerialNumber }, first.Serial);
        await RevokedAsync(hub, new() { Kind = "key", Certificate = PemEncoding.WriteString("CERTIFICATE", secondDer) }, second.Key);
        await RevokedAsync(hub, new() { Kind = "key", PublicKey = third.Key.ToString() }, third.Key);
        await RevokedAsync(hub, new() { Kind = "issuer", CaName = "PLANT-7" }, ca.Key);
        await RevokedAsync(hub, new() { Kind = "tpm", EndorsementKey = Convert.ToBase64String([1, 2, 3]) }, CertificateMark.Of([1, 2, 3]));

        var authorities = Known(hub).Of(hub.Hub).Authorities;
        Assert.Equal((Convert.ToHexString(authority.Der), ca.SubjectName), (Convert.ToHexString(Assert.Single(authorities).Authority.Span), authorities[0].AuthorityName));
        var listed = await List(hub).ListAsync(hub.Hub, long.MaxValue, 4, Token);
        Assert.Equal([6, 5, 4, 3], listed.Select(each => each.Sequence));
        Assert.Equal([2, 1], (await List(hub).ListAsync(hub.Hub, 3, 4, Token)).Select(each => each.Sequence));
    }

    [Fact]
    public async Task What_is_wrong_with_a_request_is_said_and_nothing_is_written()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var authority = new TestAuthority();
        var leaf = Convert.ToBase64String(authority.Issue("CN=d1"));
        var hash = new string('a', 64);
        foreach (var (request, word) in new (RevocationRequest, string)[]
        {
            (new(), "kind"),
            (new() { Kind = "1", Thumbprint = hash }, "kind"),
            (new() { Kind = "device", Thumbprint = hash }, "kind"),
            (new() { Kind = "certificate" }, "one way"),
            (new() { Kind = "certificate", Certificate = leaf, Thumbprint = hash }, "one way"),
            (new() { Kind = "certificate", SerialNumber = "12" }, "one way"),
            (new() { Kind = "certificate", IssuerCertificate = authority.Pem }, "one way"),
            (new() { Kind = "certificate", IssuerCertificate = authority.Pem, SerialNumber = "x" }, "hexadecimal"),
            (new() { Kind = "certificate", Thumbprint = hash[..40] }, "SHA-256"),
            (new() { Kind = "certificate", Thumbprint = hash[..63] + "g" }, "SHA-256"),
            (new() { Kind = "certificate", Certificate = "AAAA" }, "certificate"),
            (new() { Kind = "certificate", Certificate = Convert.ToBase64String([0x30, 0x03, 2, 1, 1]) }, "cannot be read"),
            (new() { Kind = "key" }, "one way"),
            (new() { Kind = "key", PublicKey = "12" }, "SHA-256"),
            (new() { Kind = "issuer" }, "caName"),
            (new() { Kind = "issuer", CaName = "none" }, "none"),
            (new() { Kind = "issuer", Certificate = leaf }, "not that of an issuer"),
            (new() { Kind = "tpm" }, "endorsementKey"),
            (new() { Kind = "tpm", EndorsementKey = "?" }, "endorsementKey"),
            (new() { Kind = "certificate", Thumbprint = hash, Reason = "because" }, "reason"),
            (new() { Kind = "certificate", Thumbprint = hash, Reason = "6" }, "reason"),
            (new() { Kind = "certificate", Thumbprint = hash, Note = new string('x', 257) }, "256"),
        })
        {
            var refused = await List(hub).RevokeAsync(hub.Hub, request, HubHost.Actor, Token);
            Assert.True(!refused.IsOk && refused.Error.Message.Contains(word, StringComparison.Ordinal), $"{request}: {refused.Error?.Message}");
            Assert.Equal(refused.Error, (await List(hub).RehearseAsync(hub.Hub, request, HubHost.Actor, Token)).Error);
        }

        Assert.Empty(await List(hub).ListAsync(hub.Hub, long.MaxValue, 10, Token));
        Assert.Empty(await hub.AuditedAsync());
        await RevokedAsync(hub, new() { Kind = "certificate", Thumbprint = hash, Note = new string('x', 256) }, Mark(hash));
    }

    [Fact]
    public async Task A_hold_is_taken_back_or_becomes_final_and_what_is_final_stays_unless_it_was_a_mistake()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var (held, final) = (new string('A', 64), new string('B', 64));
        await RevokedAsync(hub, new() { Kind = "certificate", Thumbprint = held, Reason = "certificateHold" }, Mark(held));
        await RevokedAsync(hub, new() { Kind = "certificate", Thumbprint = final, Reason = "superseded" }, Mark(final));

        Assert.True((await List(hub).UndoAsync(hub.Hub, held, false, HubHost.Actor, Token)).IsOk);
        Assert.Null(Known(hub).Of(hub.Hub).Find(Mark(held)));
        Assert.NotNull(Known(hub).Of(hub.Hub).Find(Mark(final)));
        Assert.Equal("GenericNotFound", (await List(hub).UndoAsync(hub.Hub, held, false, HubHost.Actor, Token)).Error!.Name);
        Assert.Equal("ArgumentInvalid", (await List(hub).UndoAsync(hub.Hub, "held", false, HubHost.Actor, Token)).Error!.Name);

        await RevokedAsync(hub, new() { Kind = "certificate", Thumbprint = held, Reason = "certificateHold" }, Mark(held));
        var hardened = (await List(hub).RevokeAsync(hub.Hub, new() { Kind = "certificate", Thumbprint = held, Reason = "keyCompromise" }, HubHost.Actor, Token)).Value;
        Assert.Equal((false, RevocationReason.KeyCompromise), (hardened.IsNew, hardened.Entry.Reason));
        var softened = (await List(hub).RevokeAsync(hub.Hub, new() { Kind = "certificate", Thumbprint = held, Reason = "certificateHold" }, HubHost.Actor, Token)).Value;
        Assert.Equal((false, RevocationReason.KeyCompromise, hardened.Entry.Sequence), (softened.IsNew, softened.Entry.Reason, softened.Entry.Sequence));
        Assert.Equal("GenericConflict", (await List(hub).UndoAsync(hub.Hub, held, false, HubHost.Actor, Token)).Error!.Name);
        Assert.Equal(RevocationReason.KeyCompromise, Known(hub).Of(hub.Hub).Find(Mark(held))!.Reason);

        Assert.True((await List(hub).UndoAsync(hub.Hub, held, true, HubHost.Actor, Token)).IsOk);
        Assert.Null(Known(hub).Of(hub.Hub).Find(Mark(held)));
        Assert.Equal(
            [$"revocation.create {held}", $"revocation.create {final}", $"revocation.undo {held}", $"revocation.create {held}", $"revocation.update {held}", $"revocation.undo.mistake {held}"],
            await hub.AuditedAsync());
    }

    [Fact]
    public async Task The_limit_is_reached_and_not_passed()
    {
        await using var hub = await HubHost.StartAsync(new HubOptions { Revocations = new RevocationOptions { MaxPerHub = 2 } }, server);
        await RevokedAsync(hub, new() { Kind = "certificate", Thumbprint = new string('A', 64), Reason = "certificateHold" }, Mark(new string('A', 64)));
        await RevokedAsync(hub, new() { Kind = "certificate", Thumbprint = new string('B', 64) }, Mark(new string('B', 64)));

        var refused = await List(hub).RevokeAsync(hub.Hub, new() { Kind = "certificate", Thumbprint = new string('C', 64) }, HubHost.Actor, Token);

        Assert.Equal("GenericConflict", refused.Error!.Name);
        Assert.True((await List(hub).RevokeAsync(hub.Hub, new() { Kind = "certificate", Thumbprint = new string('A', 64) }, HubHost.Actor, Token)).IsOk);
        Assert.Equal(2, Known(hub).Of(hub.Hub).Count);
    }

    [Fact]
    public async Task A_drill_finds_who_is_registered_with_the_certificate_by_either_hash()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var authority = new TestAuthority();
        var der = authority.Issue("CN=d");
#pragma warning disable CA5350 // As an operator may register it.
        await RegisterAsync(hub, "by-sha1", Convert.ToHexString(SHA1.HashData(der)).ToLowerInvariant(), null);
#pragma warning restore CA5350
        await RegisterAsync(hub, "by-sha256", new string('1', 64), Convert.ToHexString(SHA256.HashData(der)).ToLowerInvariant());
        await RegisterAsync(hub, "other", new string('2', 64), null);

        var drill = (await List(hub).RehearseAsync(hub.Hub, new() { Kind = "certificate", Certificate = Convert.ToBase64String(der) }, HubHost.Actor, Token)).Value;

        Assert.Equal(["by-sha1", "by-sha256"], drill.Registered);
        Assert.Equal(["by-sha256"], (await List(hub).RehearseAsync(hub.Hub, new() { Kind = "certificate", Thumbprint = Convert.ToHexString(SHA256.HashData(der)) }, HubHost.Actor, Token)).Value.Registered);
    }

    [Fact]
    public async Task Another_node_has_it_by_the_signal_and_without_it_at_its_next_look_and_a_new_one_from_the_start()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var mark = Mark(new string('A', 64));
        using var heard = Node(hub, hub.Get<ISignals>());
        using var deaf = Node(hub, new NoSignals());
        using var live = new LiveUses(heard, "d1", mark.Short);
        using var unheard = new LiveUses(deaf, "d1", mark.Short);

        await RevokedAsync(hub, new() { Kind = "certificate", Thumbprint = mark.ToString(), Reason = "certificateHold" }, mark);

        await Eventually(() => heard.Of(hub.Hub).Find(mark) is not null && live.Judged == 1);
        Assert.Equal((0, 0), (deaf.Of(hub.Hub).Count, unheard.Judged));
        await deaf.RefreshAsync(Token);
        Assert.Equal((1, 1), (deaf.Of(hub.Hub).Count, unheard.Judged));
        using var started = Node(hub, new NoSignals());
        await started.RefreshAsync(Token);
        Assert.NotNull(started.Of(hub.Hub).Find(mark));

        Assert.True((await List(hub).UndoAsync(hub.Hub, mark.ToString(), false, HubHost.Actor, Token)).IsOk);
        await RevokedAsync(hub, new() { Kind = "certificate", Thumbprint = new string('B', 64) }, Mark(new string('B', 64)));
        await deaf.RefreshAsync(Token);
        Assert.Equal((1, true), (deaf.Of(hub.Hub).Count, deaf.Of(hub.Hub).Find(mark) is null));
        await deaf.RefreshAsync(Token);
        Assert.Equal(1, unheard.Judged);
        await Eventually(() => heard.Of(hub.Hub).Count == 1 && heard.Of(hub.Hub).Find(mark) is null);
    }

    [Fact]
    public async Task A_store_that_is_away_leaves_what_was_known_in_force()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var away = new AwayDatabase(hub.Get<Database>());
        var mark = Mark(new string('A', 64));
        await RevokedAsync(hub, new() { Kind = "certificate", Thumbprint = mark.ToString() }, mark);
        using var node = new KnownRevocations(away, new NoSignals(), new RevocationOptions(), hub.Time, NullLogger<KnownRevocations>.Instance);
        await node.RefreshAsync(Token);
        await RevokedAsync(hub, new() { Kind = "certificate", Thumbprint = new string('B', 64) }, Mark(new string('B', 64)));

        away.FailReads(1);
        await Assert.ThrowsAnyAsync<Exception>(() => node.RefreshAsync(Token));

        Assert.NotNull(node.Of(hub.Hub).Find(mark));
        await node.RefreshAsync(Token);
        Assert.Equal(2, node.Of(hub.Hub).Count);
    }

    private static RevocationList List(HubHost hub) => hub.Get<RevocationList>();

    private static KnownRevocations Known(HubHost hub) => hub.Get<KnownRevocations>();

    private static KnownRevocations Node(HubHost hub, ISignals signals) => new(hub.Get<Database>(), signals, new RevocationOptions(), hub.Time, NullLogger<KnownRevocations>.Instance);

    private static CertificateMark Mark(string hex) => CertificateMark.TryParse(hex, out var mark) ? mark : throw new FormatException(hex);

    private static CertificateOutline Outline(byte[] der, out byte[] same)
    {
        same = der;
        return CertificateOutline.TryRead(der, out var outline) ? outline : throw new FormatException();
    }

    private static async Task RevokedAsync(HubHost hub, RevocationRequest request, CertificateMark mark)
    {
        var done = await List(hub).RevokeAsync(hub.Hub, request, HubHost.Actor, Token);
        Assert.True(done.IsOk, done.Error?.Message);
        Assert.Equal((true, mark), (done.Value.IsNew, done.Value.Entry.Mark));
        Assert.NotNull(Known(hub).Of(hub.Hub).Find(mark));
    }

    private static async Task RegisterAsync(HubHost hub, string device, string primary, string? secondary) =>
        Assert.True((await hub.PutAsync(device, change: input => input with { Authentication = new AuthenticationInput { Type = "selfSigned", PrimaryThumbprint = primary, SecondaryThumbprint = secondary } })).IsOk);

    private static async Task Eventually(Func<bool> condition)
    {
        for (var i = 0; i < 3_000 && !condition(); i++)
        {
            await Task.Delay(10, Token);
        }

        Assert.True(condition());
    }

    /// <summary>A session of one device that stands on one mark.</summary>
    private sealed class LiveUses : ICertificateUses, ICertificateUse, IDisposable
    {
        private readonly IDisposable attachment;
        private readonly ulong mark;
        private int judged;

        internal LiveUses(HubHost hub, string device, ulong mark)
            : this(Known(hub), device, mark)
        {
        }

        internal LiveUses(KnownRevocations known, string device, ulong mark)
        {
            this.mark = mark;
            Principal = new Principal
            {
                Hub = HubName.Parse("gatehouse"),
                Identity = HubHost.Key(device),
                Rights = Rights.DeviceConnect,
                Method = AuthenticationMethod.X509Authority,
                Credential = "",
                Certificates = new CertificateTrace(mark, 0, 0, []),
            };
            attachment = known.Attach(this);
        }

        public Principal Principal { get; }

        internal int Judged => Volatile.Read(ref judged);

        public void RevocationsChanged(HubName hub)
        {
            // What is judged here is judged when it is found.
        }

        public IReadOnlyList<ICertificateUse> Find(HubName hub, IReadOnlySet<ulong> marks) => hub == Principal.Hub && marks.Contains(mark) ? [this] : [];

        public void JudgeAgain() => Interlocked.Increment(ref judged);

        public void Dispose() => attachment.Dispose();
    }

    private sealed class NoSignals : ISignals, IDisposable
    {
        public bool ReachesOthers => false;

        public ValueTask PublishAsync(Signal signal, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public IDisposable Subscribe(string subject, Action<Signal> handler) => this;

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
