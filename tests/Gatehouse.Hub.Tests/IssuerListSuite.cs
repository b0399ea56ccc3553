using System.Security.Cryptography;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Revoking;
using Gatehouse.Hub.Tests.Certificates;
using Gatehouse.Identity.Tests.X509;
using Gatehouse.Identity.X509;
using Gatehouse.Store;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteIssuerListTests() : IssuerListSuite(null);

public sealed class PostgresIssuerListTests(PostgresServer server) : IssuerListSuite(server);

/// <summary>Revocation lists of outside CAs: which are taken, what they do at once, and that every node has them.</summary>
public abstract class IssuerListSuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_list_is_in_force_when_it_returns_with_its_record_and_ends_those_whom_it_names()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var authority = new TestAuthority("CN=Plant 7");
        await AddAsync(hub, "plant-7", authority);
        var (lost, kept) = (Outline(authority.Issue("CN=d1")), Outline(authority.Issue("CN=d2")));
        using var first = new LiveUse(Known(hub), "d1", lost.Serial.Short);
        using var second = new LiveUse(Known(hub), "d2", kept.Serial.Short);
        var list = Recipe(authority) with { Number = 41, Entries = [CrlEntry.Of(lost.SerialNumber, 1), new(12_345)] };
        var content = list.Build();

        var drill = (await Lists(hub).RehearseAsync(hub.Hub, content, Any, HubHost.Actor, Token)).Value;
        Assert.Equal((true, 2, 0, "d1", 1, 0), (drill.IsNew, drill.Added, drill.Removed, Assert.Single(drill.Live), drill.LiveCount, first.Judged));
        Assert.True(Known(hub).Of(hub.Hub).IsEmpty);
        Assert.Empty(await Lists(hub).ListAsync(hub.Hub, Token));

        var done = (await Lists(hub).ImportAsync(hub.Hub, content, Any, HubHost.Actor, Token)).Value;

        Assert.Equal((2, "d1", 1, 1, 0), (done.Added, Assert.Single(done.Live), done.LiveCount, first.Judged, second.Judged));
        Assert.Equal(("plant-7", "41", 2, false, "accept"), (done.List.CaName, done.List.Number, done.List.Entries, done.List.IsStale, done.List.Stale));
        var known = Assert.Single(Known(hub).Of(hub.Hub).IssuerLists);
        Assert.Equal((2, list.NextUpdate, authority.Certificate.GetCertHashString(HashAlgorithmName.SHA256)), (known.Serials.Count, known.NextUpdate, Convert.ToHexString(SHA256.HashData(known.Authority.Span))));
        Assert.Equal(["certificate.create plant-7", "revocationList.import plant-7"], await hub.AuditedAsync());
        Assert.Equal(done.List, Assert.Single(await Lists(hub).ListAsync(hub.Hub, Token)));
        Assert.Equal(done.List, (await Lists(hub).FindAsync(hub.Hub, "PLANT-7", Token)).Value);
        Assert.True(Known(hub).Of(HubName.Parse("another")).IsEmpty);

        // The same once more is no change.
        var again = (await Lists(hub).ImportAsync(hub.Hub, content, Any, HubHost.Actor, Token)).Value;
        Assert.Equal((false, 0, 0, 1), (again.IsNew, again.Added, again.LiveCount, first.Judged));
    }

    [Fact]
    public async Task A_newer_list_replaces_a_delta_changes_and_only_what_is_new_is_judged_again()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var authority = new TestAuthority();
        await AddAsync(hub, "ca", authority);
        var (first, second) = (Outline(authority.Issue("CN=d1")), Outline(authority.Issue("CN=d2")));
        using var one = new LiveUse(Known(hub), "d1", first.Serial.Short);
        using var two = new LiveUse(Known(hub), "d2", second.Serial.Short);
        await ImportedAsync(hub, Recipe(authority) with { Number = 5, Entries = [CrlEntry.Of(first.SerialNumber, 6), new(77)] });

        var delta = await ImportedAsync(hub, Recipe(authority) with { Number = 7, BaseNumber = 5, Entries = [CrlEntry.Of(first.SerialNumber, 8), CrlEntry.Of(second.SerialNumber, 4)] });

        Assert.Equal((1, 1, 2, true, "7"), (delta.Added, delta.Removed, delta.List.Entries, delta.List.IsDelta, delta.List.Number));
        Assert.Equal((1, 1), (one.Judged, two.Judged));
        Assert.Equal([second.SerialNumber, "4D"], Known(hub).Of(hub.Hub).IssuerLists[0].Serials.All.Select(entry => entry.Serial.ToString()).OrderByDescending(text => text.Length));

        // The complete list of the same moment follows the delta, and one that is newer replaces both.
        Assert.Equal((false, 2), Flat(await ImportedAsync(hub, Recipe(authority) with { Number = 7, Entries = [CrlEntry.Of(second.SerialNumber, 4), new(77)] })));
        var last = await ImportedAsync(hub, Recipe(authority) with { Number = 8, Entries = [new(77)] });
        Assert.Equal((0, 1, 1), (last.Added, last.Removed, last.List.Entries));

        static (bool IsDelta, int Entries) Flat(IssuerListEffect effect) => (effect.List.IsDelta, effect.List.Entries);
    }

    [Fact]
    public async Task What_is_not_the_CAs_newest_list_is_refused_with_one_line_and_nothing_is_changed()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var authority = new TestAuthority("CN=Plant 7");
        using var namesake = new TestAuthority("CN=Plant 7");
        using var stranger = new TestAuthority("CN=Stranger");
        await AddAsync(hub, "plant-7", authority);
        var good = Recipe(authority) with { Number = 10, Entries = [new(1)] };
        await ImportedAsync(hub, good);
        var before = await Lists(hub).ListAsync(hub.Hub, Token);
        var now = hub.Time.GetUtcNow();
        var newer = good with { Number = 11 };
        var part = newer with { Extensions = [("2.5.29.28", true, [0x30, 0x09, 0xA0, 0x07, 0xA0, 0x05, 0x86, 0x03, .. "a:b"u8])] };

        foreach (var (content, how, error, words) in new (byte[], IssuerListImport, string, string)[]
        {
            ("no list"u8.ToArray(), Any, "ArgumentInvalid", "neither DER nor PEM"),
            ([.. newer.Build(), 0], Any, "ArgumentInvalid", "nothing else"),
            ((newer with { Sign = _ => [] }).Build(), Any, "ArgumentInvalid", "another key signed it"),
            (Recipe(stranger).Build(), Any, "ArgumentInvalid", "no CA certificate of that name"),
            ((Recipe(namesake) with { Number = 11 }).Build(), Any, "ArgumentInvalid", "another key signed it"),
            (newer.Build(), new("none", false), "GenericNotFound", "no certificate 'none'"),
            ((newer with { NextUpdate = now.AddSeconds(-1) }).Build(), Any, "ArgumentInvalid", "it is stale"),
            ((newer with { ThisUpdate = now.AddMinutes(6) }).Build(), Any, "ArgumentInvalid", "Check both clocks"),
            (part.Build(), Any, "ArgumentInvalid", "several parts"),
            ((good with { Number = 9 }).Build(), Any, "GenericConflict", "number 9 of"),
            ((good with { Entries = [new(2)] }).Build(), Any, "GenericConflict", "in force is number 10"),
            ((newer with { ThisUpdate = good.ThisUpdate.AddSeconds(-1) }).Build(), Any, "GenericConflict", "not newer"),
            ((good with { Number = 13, BaseNumber = 12 }).Build(), Any, "GenericConflict", "delta to number 12"),
        })
        {
            var refused = await Lists(hub).ImportAsync(hub.Hub, content, how, HubHost.Actor, Token);
            Assert.True(!refused.IsOk && refused.Error.Name == error && refused.Error.Message.Contains(words, StringComparison.Ordinal), $"{words}: {refused.Error?.Message}");
            Assert.Equal(refused.Error, (await Lists(hub).RehearseAsync(hub.Hub, content, how, HubHost.Actor, Token)).Error);
        }

        Assert.Equal(before, await Lists(hub).ListAsync(hub.Hub, Token));
        Assert.Equal(["certificate.create plant-7", "revocationList.import plant-7"], await hub.AuditedAsync());
        Assert.Equal("11", (await Lists(hub).ImportAsync(hub.Hub, (newer with { ThisUpdate = now.AddMinutes(5) }).Build(), Any, HubHost.Actor, Token)).Value.List.Number);
        Assert.Equal("12", (await Lists(hub).ImportAsync(hub.Hub, (part with { Number = 12, ThisUpdate = now.AddMinutes(5) }).Build(), new("plant-7", true), HubHost.Actor, Token)).Value.List.Number);
    }

    [Fact]
    public async Task A_delta_needs_a_complete_list_and_all_lists_together_have_a_limit()
    {
        await using var hub = await HubHost.StartAsync(new HubOptions { Revocations = new RevocationOptions { MaxListEntries = 3 } }, server);
        using var first = new TestAuthority("CN=First");
        using var second = new TestAuthority("CN=Second");
        await AddAsync(hub, "first", first);
        await AddAsync(hub, "second", second);
        Assert.Equal("GenericConflict", (await TriedAsync(hub, Recipe(first) with { Number = 2, BaseNumber = 1 })).Error!.Name);
        Assert.Contains("more than 3 entries", (await TriedAsync(hub, Recipe(first) with { Entries = [new(1), new(2), new(3), new(4)] })).Error!.Message, StringComparison.Ordinal);

        await ImportedAsync(hub, Recipe(first) with { Entries = [new(1), new(2)] });
        Assert.Contains("4 entries together", (await TriedAsync(hub, Recipe(second) with { Entries = [new(1), new(2)] })).Error!.Message, StringComparison.Ordinal);
        await ImportedAsync(hub, Recipe(second) with { Entries = [new(1)] });
        Assert.Contains("4 entries together", (await TriedAsync(hub, Recipe(second) with { Number = 2, BaseNumber = 1, Entries = [new(2)] })).Error!.Message, StringComparison.Ordinal);
        await ImportedAsync(hub, Recipe(first) with { Number = 2, Entries = [new(1)] });
        await ImportedAsync(hub, Recipe(second) with { Number = 2, BaseNumber = 1, Entries = [new(2)] });
        Assert.Equal(3, Known(hub).Of(hub.Hub).IssuerLists.Sum(each => each.Serials.Count));
    }

    [Fact]
    public async Task A_rule_may_come_before_a_list_stays_with_it_and_goes_with_it()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var authority = new TestAuthority();
        await AddAsync(hub, "ca", authority);
        var leaf = Outline(authority.Issue("CN=d1"));
        var key = Outline(authority.Der).Key.Short;
        using var live = new LiveUse(Known(hub), "d1", key);

        var drill = (await Lists(hub).SetRuleAsync(hub.Hub, "ca", "refuse", isDrill: true, HubHost.Actor, Token)).Value;
        Assert.Equal((true, "refuse", true, 1), (drill.IsNew, drill.List.Stale, drill.List.IsStale, drill.LiveCount));
        Assert.True(Known(hub).Of(hub.Hub).IsEmpty);

        Assert.True((await Lists(hub).SetRuleAsync(hub.Hub, "CA", "refuse", isDrill: false, HubHost.Actor, Token)).Value.IsNew);
        Assert.False((await Lists(hub).SetRuleAsync(hub.Hub, "ca", "refuse", isDrill: false, HubHost.Actor, Token)).Value.IsNew);
        Assert.Equal((StaleListRule.Refuse, null), (Known(hub).Of(hub.Hub).IssuerLists[0].Stale, Known(hub).Of(hub.Hub).IssuerLists[0].Number));
        Assert.Equal(0, live.Judged);

        await ImportedAsync(hub, Recipe(authority) with { Entries = [CrlEntry.Of(leaf.SerialNumber)] });
        var known = Assert.Single(Known(hub).Of(hub.Hub).IssuerLists);
        Assert.Equal((StaleListRule.Refuse, 1, false), (known.Stale, known.Serials.Count, known.IsStale(hub.Time.GetUtcNow())));

        Assert.Equal("ArgumentInvalid", (await Lists(hub).SetRuleAsync(hub.Hub, "ca", "maybe", false, HubHost.Actor, Token)).Error!.Name);
        Assert.Equal("GenericNotFound", (await Lists(hub).SetRuleAsync(hub.Hub, "none", "refuse", false, HubHost.Actor, Token)).Error!.Name);
        Assert.True((await Lists(hub).RemoveAsync(hub.Hub, "ca", HubHost.Actor, Token)).IsOk);
        Assert.True(Known(hub).Of(hub.Hub).IsEmpty);
        Assert.Equal("GenericNotFound", (await Lists(hub).RemoveAsync(hub.Hub, "ca", HubHost.Actor, Token)).Error!.Name);
        Assert.Equal(
            ["certificate.create ca", "revocationList.rule ca", "revocationList.import ca", "revocationList.remove ca"], await hub.AuditedAsync());
    }

    [Fact]
    public async Task A_list_belongs_to_a_key_and_outlives_the_certificate_that_it_came_by()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var old = new TestAuthority("CN=Plant 7");
        using var renewed = new TestAuthority("CN=Plant 7");
        await AddAsync(hub, "plant-7", old);
        await ImportedAsync(hub, Recipe(old) with { Number = 90, Entries = [new(1)] });
        Assert.True((await hub.Get<CaCertificates>().DeleteAsync(hub.Hub, "plant-7", IfMatch.Any, HubHost.Actor, Token)).IsOk);
        await AddAsync(hub, "plant-7", renewed);

        // The new key counts from the beginning.
        await ImportedAsync(hub, Recipe(renewed) with { Number = 1 });

        var lists = await Lists(hub).ListAsync(hub.Hub, Token);
        Assert.Equal(["1", "90"], lists.Select(each => each.Number!).Order(StringComparer.Ordinal));
        Assert.Equal("1", (await Lists(hub).FindAsync(hub.Hub, "plant-7", Token)).Value.Number);
        var first = lists.Single(each => each.Number == "90").Issuer;
        Assert.Equal("90", (await Lists(hub).RemoveAsync(hub.Hub, first.ToLowerInvariant(), HubHost.Actor, Token)).Value.Number);
    }

    [Fact]
    public async Task Another_node_has_it_by_the_signal_and_without_it_at_its_next_look_and_a_new_one_from_the_start()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var authority = new TestAuthority();
        await AddAsync(hub, "ca", authority);
        var leaf = Outline(authority.Issue("CN=d1"));
        using var heard = Node(hub, hub.Get<ISignals>());
        using var deaf = Node(hub, new DeafSignals());
        using var live = new LiveUse(heard, "d1", leaf.Serial.Short);
        using var unheard = new LiveUse(deaf, "d1", leaf.Serial.Short);

        await ImportedAsync(hub, Recipe(authority) with { Entries = [CrlEntry.Of(leaf.SerialNumber)] });

        await Eventually(() => heard.Of(hub.Hub).IssuerLists.Count == 1 && live.Judged == 1);
        Assert.Equal((true, 0), (deaf.Of(hub.Hub).IsEmpty, unheard.Judged));
        await deaf.RefreshAsync(Token);
        await deaf.RefreshAsync(Token);
        Assert.Equal((1, 1), (deaf.Of(hub.Hub).IssuerLists.Count, unheard.Judged));
        using var started = Node(hub, new DeafSignals());
        await started.RefreshAsync(Token);
        Assert.Equal(1, started.Of(hub.Hub).IssuerLists[0].Serials.Count);

        // The hub's own entries and the lists do not push each other out.
        var own = new RevocationRequest { Kind = "certificate", Thumbprint = new string('A', 64), Reason = "certificateHold" };
        Assert.True((await hub.Get<RevocationList>().RevokeAsync(hub.Hub, own, HubHost.Actor, Token)).IsOk);
        await deaf.RefreshAsync(Token);
        Assert.Equal((1, 1), (deaf.Of(hub.Hub).IssuerLists.Count, deaf.Of(hub.Hub).Count));
        Assert.True((await hub.Get<RevocationList>().UndoAsync(hub.Hub, own.Thumbprint, false, HubHost.Actor, Token)).IsOk);
        await deaf.RefreshAsync(Token);
        Assert.Equal((1, 0), (deaf.Of(hub.Hub).IssuerLists.Count, deaf.Of(hub.Hub).Count));

        Assert.True((await Lists(hub).RemoveAsync(hub.Hub, "ca", HubHost.Actor, Token)).IsOk);
        await deaf.RefreshAsync(Token);
        Assert.True(deaf.Of(hub.Hub).IsEmpty);
        await Eventually(() => heard.Of(hub.Hub).IsEmpty);
    }

    [Fact]
    public async Task A_list_past_its_time_is_told_of_once_and_a_clock_that_jumps_and_comes_back_tells_nothing()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var authority = new TestAuthority();
        await AddAsync(hub, "ca", authority);
        var list = Recipe(authority) with { Entries = [new(1)] };
        await ImportedAsync(hub, list);
        var watch = hub.Get<StaleListWatch>();
        await watch.RunAsync(Token);
        Assert.Equal(0, await ToldAsync());

        // One look beyond, and back.
        hub.Time.SetUtcNow(list.NextUpdate!.Value.AddSeconds(1));
        await watch.RunAsync(Token);
        Assert.Equal(0, await ToldAsync());
        Assert.True((await Lists(hub).FindAsync(hub.Hub, "ca", Token)).Value.IsStale);
        hub.Time.AdjustTime(list.NextUpdate!.Value.AddDays(-1));
        await watch.RunAsync(Token);
        hub.Time.SetUtcNow(list.NextUpdate!.Value.AddSeconds(1));
        await watch.RunAsync(Token);
        Assert.Equal(0, await ToldAsync());

        for (var look = 0; look < 3; look++)
        {
            await watch.RunAsync(Token);
        }

        Assert.Equal(1, await ToldAsync());

        // Another list of the CA is another matter.
        var next = list with { Number = 2, ThisUpdate = list.NextUpdate!.Value, NextUpdate = list.NextUpdate!.Value.AddDays(1) };
        await ImportedAsync(hub, next);
        await watch.RunAsync(Token);
        hub.Time.SetUtcNow(next.NextUpdate!.Value.AddSeconds(1));
        await watch.RunAsync(Token);
        await watch.RunAsync(Token);
        Assert.Equal(2, await ToldAsync());
        Assert.Equal(1, Known(hub).Of(hub.Hub).IssuerLists[0].Serials.Count);

        async Task<int> ToldAsync() => (await hub.Get<AuditLog>().ReadAsync(hub.Hub.Value, 0, 1000, Token)).Count(entry => entry.Fields.Action == "revocationList.stale");
    }

    private static IssuerListImport Any { get; } = new(null, false);

    private static IssuerLists Lists(HubHost hub) => hub.Get<IssuerLists>();

    private static KnownRevocations Known(HubHost hub) => hub.Get<KnownRevocations>();

    private static KnownRevocations Node(HubHost hub, ISignals signals) => new(hub.Get<Database>(), signals, new RevocationOptions(), hub.Time, NullLogger<KnownRevocations>.Instance);

    private static CrlRecipe Recipe(TestAuthority authority) => CrlRecipe.Of(authority.Certificate.SubjectName.RawData, (ECDsa)authority.Key);

    private static CertificateOutline Outline(byte[] der) => CertificateOutline.TryRead(der, out var outline) ? outline : throw new FormatException();

    private static async Task AddAsync(HubHost hub, string name, TestAuthority authority) =>
        Assert.True((await hub.Get<CaCertificates>().PutAsync(hub.Hub, name, new CertificateUpload(authority.Pem, true), IfMatch.Absent, HubHost.Actor, Token)).IsOk);

    private static Task<Result<IssuerListEffect>> TriedAsync(HubHost hub, CrlRecipe list) => Lists(hub).ImportAsync(hub.Hub, list.Build(), Any, HubHost.Actor, Token);

    private static async Task<IssuerListEffect> ImportedAsync(HubHost hub, CrlRecipe list)
    {
        var done = await TriedAsync(hub, list);
        Assert.True(done.IsOk, done.Error?.Message);
        Assert.True(done.Value.IsNew);
        return done.Value;
    }

    private static async Task Eventually(Func<bool> condition)
    {
        for (var i = 0; i < 3_000 && !condition(); i++)
        {
            await Task.Delay(10, Token);
        }

        Assert.True(condition());
    }

    /// <summary>A session of one device that stands on one mark.</summary>
    private sealed class LiveUse : ICertificateUses, ICertificateUse, IDisposable
    {
        private readonly IDisposable attachment;
        private readonly ulong mark;
        private int judged;

        internal LiveUse(KnownRevocations known, string device, ulong mark)
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

    private sealed class DeafSignals : ISignals, IDisposable
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
