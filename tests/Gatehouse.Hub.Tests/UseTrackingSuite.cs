using System.Collections.Concurrent;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteUseTrackingTests() : UseTrackingSuite(null);

public sealed class PostgresUseTrackingTests(PostgresServer server) : UseTrackingSuite(server);

/// <summary>Who used which credential, as it is registered now, whichever node saw it.</summary>
public abstract class UseTrackingSuite(PostgresServer? server)
{
    private static readonly ClientTraits Client = new() { Protocol = "mqtt", TlsVersion = "1.3", CipherSuite = "TLS_AES_256_GCM_SHA384", Server = new ShownServer("AB", "CN=Root"), Software = "sdk/1" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_use_is_shown_with_its_circumstances_and_a_later_one_keeps_the_first_time()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("d1");
        var began = hub.Time.GetUtcNow();
        await UsedAsync(hub, "d1", CredentialName.PrimaryKey, Client with { TlsVersion = "1.2" });
        Assert.Single((await FindAsync(hub, "primaryKey")).Uses);
        hub.Time.Advance(TimeSpan.FromHours(1));
        await UsedAsync(hub, "d1", CredentialName.PrimaryKey, Client with { Protocol = "amqp", Software = null });

        var use = Assert.Single((await FindAsync(hub, "primaryKey")).Uses);
        Assert.Equal((HubHost.Key("d1"), "primaryKey", began, began.AddHours(1), began), (use.Identity!.Value, use.Credential, use.FirstUsed, use.LastUsed, use.LastOldTls!.Value));
        Assert.Equal(("amqp", "1.3", "TLS_AES_256_GCM_SHA384", "AB", "CN=Root", "sdk/1"), (use.Protocol, use.TlsVersion, use.CipherSuite, use.ServerCertificate, use.ServerIssuer, use.Software));
        Assert.Equal(use, Assert.Single(await Usage(hub).OfAsync(hub.Hub, HubHost.Key("d1"), Token)) with { Shown = use.Shown });
        Assert.Empty((await FindAsync(hub, "secondaryKey")).Uses);
        Assert.Empty((await FindAsync(hub, "primaryKey", began.AddHours(1).AddTicks(1))).Uses);
        Assert.Single((await FindAsync(hub, "primaryKey", began.AddHours(1))).Uses);
        Assert.Empty((await FindAsync(hub, "tls/1.2", began.AddTicks(1))).Uses);
        Assert.Single((await FindAsync(hub, "tls/1.2", began)).Uses);
    }

    [Fact]
    public async Task What_a_client_calls_itself_may_be_anything_and_does_not_hold_the_uses_of_others_up()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("d1");
        await hub.PutAsync("d2");

        await UsedAsync(hub, "d1", CredentialName.PrimaryKey, Client with { Software = "a\0b\ud83d" + new string('c', ClientTraits.MaxSoftwareCharacters) });
        await UsedAsync(hub, "d2", CredentialName.PrimaryKey);

        var uses = (await FindAsync(hub, "primaryKey")).Uses;
        Assert.Equal(["a?b?" + new string('c', ClientTraits.MaxSoftwareCharacters - 4), "sdk/1"], uses.Select(use => use.Software));
    }

    [Fact]
    public async Task Of_two_nodes_the_later_time_wins_whichever_writes_last()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("d1");
        var early = await PrincipalAsync(hub, "d1", CredentialName.PrimaryKey);
        var (other, clock) = OtherNode(hub);
        other.Recorder.Used(early, Client with { Software = "old" });
        hub.Time.Advance(TimeSpan.FromMinutes(1));
        await UsedAsync(hub, "d1", CredentialName.PrimaryKey, Client with { Software = "new" });
        await hub.Get<UseWriter>().FlushAsync(Token);

        await other.Writer.FlushAsync(Token);

        var use = Assert.Single((await FindAsync(hub, "primaryKey")).Uses);
        Assert.Equal((hub.Time.GetUtcNow(), "new"), (use.LastUsed, use.Software));
        Assert.True(clock.GetUtcNow() < use.LastUsed);
    }

    [Theory]
    [InlineData("swap")]
    [InlineData("regenerate")]
    [InlineData("again")]
    [InlineData("made anew")]
    public async Task Of_a_key_that_was_replaced_there_is_no_use_until_the_new_one_is_used(string change)
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var made = (await hub.PutAsync("d1")).Value;
        await UsedAsync(hub, "d1", CredentialName.PrimaryKey);
        Assert.Equal(1, (await CountAsync(hub, "primaryKey")).Identities);

        switch (change)
        {
            case "made anew":
                await hub.DeleteAsync("d1", IfMatch.Any);
                await hub.PutAsync("d1");
                break;
            case "again":
                Assert.True((await hub.PutAsync("d1", IfMatch.Any, input => input with { Authentication = new AuthenticationInput { PrimaryKey = made.PrimaryKey, SecondaryKey = made.SecondaryKey } })).IsOk);
                break;
            default:
                Assert.True((await hub.Get<KeyRegeneration>().RunAsync(hub.Hub, HubHost.Actor, change == "swap" ? RegeneratedKey.Swap : RegeneratedKey.Primary, [HubHost.Key("d1")], Token)).IsOk);
                break;
        }

        Assert.Equal(new UseCount(0, null), await CountAsync(hub, "primaryKey"));
        Assert.Equal(new UseCount(0, null), await CountAsync(hub, "sas"));
        Assert.Empty(await Usage(hub).OfAsync(hub.Hub, HubHost.Key("d1"), Token));
        hub.Time.Advance(TimeSpan.FromSeconds(1));
        await UsedAsync(hub, "d1", CredentialName.PrimaryKey);
        var use = Assert.Single((await FindAsync(hub, "primaryKey")).Uses);
        Assert.Equal(use.LastUsed, use.FirstUsed);
    }

    [Fact]
    public async Task A_policys_keys_are_told_apart_and_a_swap_starts_them_anew()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("d1");
        var policy = await hub.Get<ICredentialSource>().FindPolicyAsync(hub.Hub, "device", Token);
        var byPolicy = new Principal
        {
            Hub = hub.Hub, PolicyName = "device", Rights = Rights.DeviceConnect, Method = AuthenticationMethod.PolicyKey, Credential = CredentialName.PrimaryKey,
            CredentialName = CredentialName.OfPolicy("device", CredentialName.PrimaryKey), CredentialMark = policy!.PrimaryKey.Mark,
        };
        var device = await PrincipalAsync(hub, "d1", CredentialName.PrimaryKey);
        Recorder(hub).Used(byPolicy, Client);
        Recorder(hub).Used(byPolicy with { Identity = device.Identity, GenerationId = device.GenerationId }, Client);

        Assert.Equal([null, HubHost.Key("d1")], (await FindAsync(hub, "policy/device/primaryKey")).Uses.Select(each => each.Identity));
        Assert.Equal(1, (await CountAsync(hub, "policy/device")).Identities);
        Assert.Equal(1, (await CountAsync(hub, "sas")).Identities);
        Assert.Equal(new UseCount(0, null), await CountAsync(hub, "policy/device/secondaryKey"));
        Assert.Equal(new UseCount(0, null), await CountAsync(hub, "policy/iothubowner"));

        Assert.True((await hub.Get<SharedAccessPolicies>().RenewKeyAsync(hub.Hub, "device", KeyRenewal.Swap, IfMatch.Any, HubHost.Actor, Token)).IsOk);
        Assert.Equal(new UseCount(0, null), await CountAsync(hub, "policy/device"));
    }

    [Fact]
    public async Task Certificates_are_found_by_their_CA_and_by_what_was_sent_beside_them()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("d1", change: input => input with { Authentication = new AuthenticationInput { Type = "certificateAuthority" } });
        var (anchor, between) = (new string('A', 64), new string('B', 64));
        var device = await PrincipalAsync(hub, "d1", null) with { CredentialName = CredentialName.OfAuthority(anchor), Certificates = new CertificateTrace(1, 2, 3, []) { Path = new IssuerPath(CredentialName.OfAuthority(anchor), between) } };
        Recorder(hub).Used(device, Client);

        Assert.Equal([between], Assert.Single((await FindAsync(hub, $"authority/{anchor.ToLowerInvariant()}")).Uses).Shown);
        Assert.Single((await FindAsync(hub, $"certificate/{between}")).Uses);
        Assert.Single((await FindAsync(hub, $"certificate/{anchor}")).Uses);
        Assert.Empty((await FindAsync(hub, $"authority/{between}")).Uses);
        Assert.Empty((await FindAsync(hub, "sas")).Uses);
        Assert.True(CredentialSelector.Parse($"certificate/{between}").Value.Matches(new LiveUse(device, null)));
        Assert.False(CredentialSelector.Parse($"authority/{between}").Value.Matches(new LiveUse(device, null)));

        await hub.PutAsync("d1", IfMatch.Any, input => input with { Authentication = new AuthenticationInput { Type = "sas" } });
        Assert.Empty((await FindAsync(hub, $"authority/{anchor}")).Uses);
    }

    [Fact]
    public async Task Pages_hold_every_use_once_and_the_summary_names_what_nobody_used()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        foreach (var device in new[] { "d1", "d2", "d3" })
        {
            await hub.PutAsync(device);
            await UsedAsync(hub, device, CredentialName.PrimaryKey);
            await UsedAsync(hub, device, CredentialName.SecondaryKey);
        }

        await hub.PutAsync("d1/m1");
        await UsedAsync(hub, "d1/m1", CredentialName.PrimaryKey, Client with { TlsVersion = "1.2", Software = "sdk/2" });
        var seen = new List<string>();
        var place = default(UsePlace);
        for (UsePlace? next = place; next is { } at;)
        {
            var page = await Usage(hub).FindAsync(hub.Hub, Selector("sas"), DateTimeOffset.MinValue, at, 2, Token);
            Assert.InRange(page.Uses.Count, 1, 2);
            seen.AddRange(page.Uses.Select(use => $"{use.Identity} {use.Credential}"));
            next = page.Next;
        }

        Assert.Equal(["d1 primaryKey", "d1 secondaryKey", "d1/m1 primaryKey", "d2 primaryKey", "d2 secondaryKey", "d3 primaryKey", "d3 secondaryKey"], seen);
        Assert.Equal(4, (await CountAsync(hub, "sas")).Identities);
        var summary = await Usage(hub).SummarizeAsync(hub.Hub, DateTimeOffset.MinValue, Token);
        Assert.Equal((4L, 3L), (Total("primaryKey"), Total("secondaryKey")));
        Assert.Null(summary.Credentials.Single(each => each.Credential == "policy/iothubowner/secondaryKey").LastUsed);
        Assert.Equal([("1.2", 1L), ("1.3", 6L)], summary.TlsVersions.Select(each => (each.Name, each.Identities)));
        Assert.Equal(["sdk/1", "sdk/2"], summary.Software.Select(each => each.Name));

        long Total(string name) => summary.Credentials.Single(each => each.Credential == name).Identities;
    }

    [Fact]
    public async Task The_radar_tells_TLS_versions_server_roots_and_back_ends_apart()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        foreach (var key in new[] { "d1", "d2", "d3", "d3/m1" })
        {
            await hub.PutAsync(key);
        }

        var other = new ShownServer("CD", "CN=New Root");
        await UsedAsync(hub, "d1", CredentialName.PrimaryKey, Client with { TlsVersion = "1.2" });
        await UsedAsync(hub, "d2", CredentialName.PrimaryKey, Client with { Server = other });
        await UsedAsync(hub, "d3/m1", CredentialName.SecondaryKey, Client with { Server = other });
        hub.Time.Advance(TimeSpan.FromSeconds(1));
        await UsedAsync(hub, "d3/m1", CredentialName.PrimaryKey, Client with { TlsVersion = "1.2" });
        var policy = await hub.Get<ICredentialSource>().FindPolicyAsync(hub.Hub, "service", Token);
        var backEnd = new Principal
        {
            Hub = hub.Hub, PolicyName = "service", Rights = Rights.ServiceConnect, Method = AuthenticationMethod.PolicyKey, Credential = CredentialName.PrimaryKey,
            CredentialName = CredentialName.OfPolicy("service", CredentialName.PrimaryKey), CredentialMark = policy!.PrimaryKey.Mark,
        };
        Recorder(hub).Used(backEnd, Client with { TlsVersion = "1.2" });

        Assert.Equal([" Fails", "d1 Fails", "d3 Unknown", "d3/m1 OtherWay"], await RadarAsync(hub, "tls/1.2"));
        Assert.Equal([" Fails", "d1 Fails", "d3 Unknown", "d3/m1 OtherWay"], await RadarAsync(hub, "server-issuer/CN=Root"));
        Assert.Equal(["d2 Fails", "d3 Unknown"], await RadarAsync(hub, "server-issuer/CN=New Root"));
        Assert.Equal([" Fails", "d3 Unknown"], await RadarAsync(hub, "policy/service/primaryKey"));
        Assert.Equal(["d1 Fails", "d2 Fails", "d3 Unknown", "d3/m1 OtherWay"], await RadarAsync(hub, "primaryKey"));
    }

    [Fact]
    public async Task Who_went_on_after_both_roots_of_a_canary_needs_neither()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var next = Client with { Server = new ShownServer("CD", "CN=New Root") };
        foreach (var key in new[] { "both", "both-at-once", "new", "old", "made-anew", "long-ago" })
        {
            await hub.PutAsync(key);
        }

        await UsedAsync(hub, "both", CredentialName.PrimaryKey, next);
        await UsedAsync(hub, "both-at-once", CredentialName.PrimaryKey, next);
        await UsedAsync(hub, "both-at-once", CredentialName.PrimaryKey);
        await UsedAsync(hub, "new", CredentialName.PrimaryKey, next);
        await UsedAsync(hub, "made-anew", CredentialName.PrimaryKey, next);
        await UsedAsync(hub, "long-ago", CredentialName.PrimaryKey, Client with { Server = new ShownServer("EF", "CN=Former Root") });
        await FindAsync(hub, "primaryKey");
        await hub.DeleteAsync("made-anew", IfMatch.Any);
        await hub.PutAsync("made-anew");
        hub.Time.Advance(TimeSpan.FromSeconds(1));
        foreach (var key in new[] { "both", "old", "made-anew", "long-ago" })
        {
            await UsedAsync(hub, key, CredentialName.PrimaryKey);
        }

        await FindAsync(hub, "primaryKey");
        hub.Time.Advance(TimeSpan.FromSeconds(1));
        await UsedAsync(hub, "both", CredentialName.PrimaryKey);
        var radar = new Radar(hub.Get<Database>(), Recorder(hub), hub.Get<UseWriter>(), hub.Get<CaCertificates>(), new RootsOfServer("CN=Root", "CN=New Root"));
        Assert.Equal(["long-ago", "made-anew", "old"], await NamedAsync(radar, "server-issuer/CN=Root"));
        Assert.Equal(["new"], await NamedAsync(radar, "server-issuer/CN=New Root"));

        // Without a change under way there is no other that is shown.
        Assert.Equal(["both", "both-at-once", "long-ago", "made-anew", "old"], await NamedAsync(hub.Get<Radar>(), "server-issuer/CN=Root"));

        async Task<IEnumerable<string>> NamedAsync(Radar radar, string without) =>
            (await radar.LookAsync(hub.Hub, without, RadarOutcome.Fails, null, 100, Token)).Value.Entries.Select(each => each.Identity.ToString()!);
    }

    [Fact]
    public async Task What_cannot_be_written_waits_what_finds_no_room_is_dropped_and_who_is_gone_leaves_no_rows()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("d1");
        await hub.PutAsync("d2");
        var store = new AwayDatabase(hub.Get<Database>());
        var recorder = new UseRecorder(new UseOptions { MaxWaiting = 1 }, hub.Time);
        using var writer = new UseWriter(store, recorder, hub.Time, NullLogger<UseWriter>.Instance);
        recorder.Used(await PrincipalAsync(hub, "d1", CredentialName.PrimaryKey), Client with { Software = "sdk/3" });
        recorder.Used(await PrincipalAsync(hub, "d2", CredentialName.PrimaryKey), Client);
        store.FailWrites(1);
        await Assert.ThrowsAsync<StoreException>(() => writer.FlushAsync(Token));
        Assert.Equal(1, recorder.Count);
        recorder.Used(await PrincipalAsync(hub, "d1", CredentialName.PrimaryKey), Client with { Software = null });

        await writer.FlushAsync(Token);

        var use = Assert.Single((await FindAsync(hub, "primaryKey")).Uses);
        Assert.Equal((HubHost.Key("d1"), "sdk/3"), (use.Identity!.Value, use.Software));
        await hub.DeleteAsync("d1", IfMatch.Any);
        Assert.Equal(1, await store.DeleteInBatchesAsync(UseRows.PruneAsync, Token));
        Assert.Equal(0, await store.DeleteInBatchesAsync(UseRows.PruneAsync, Token));
    }

    [Fact]
    public async Task Live_sessions_of_all_nodes_are_counted_and_one_that_does_not_answer_is_not_waited_for()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("d1");
        var device = await PrincipalAsync(hub, "d1", CredentialName.PrimaryKey);
        var signals = new MemorySignals();
        var time = new FakeTimeProvider();
        var (one, two) = (new UseRecorder(new(), time), new UseRecorder(new(), time));
        using var attached = one.Attach(new Sessions(device, device with { CredentialName = CredentialName.SecondaryKey }));
        var elsewhere = two.Attach(new Sessions(device, device));
        using var first = new LiveUseCount(one, signals, new(), time);
        using var second = new LiveUseCount(two, signals, new(), time);

        Assert.Equal(new LiveCount(1, 2, 1), await CountAsync("primaryKey"));
        Assert.Equal(new LiveCount(2, 2, 1), await CountAsync("sas"));
        Assert.Equal(new LiveCount(2, 2, 1), await CountAsync("tls/1.2"));
        elsewhere.Dispose();
        Assert.Equal(new LiveCount(1, 0, 1), await CountAsync("primaryKey"));

        async Task<LiveCount> CountAsync(string text)
        {
            var answers = signals.Said(SignalSubjects.CredentialUseAnswered);
            var counting = first.CountAsync(hub.Hub, Selector(text), Token);
            await answers.WaitAsync(TimeSpan.FromMinutes(1), Token);
            time.Advance(TimeSpan.FromSeconds(1));
            return await counting;
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("PrimaryKey")]
    [InlineData("policy/")]
    [InlineData("policy/a/b")]
    [InlineData("policy/a/primaryKey/")]
    [InlineData("authority/AB")]
    [InlineData("certificate/")]
    [InlineData("tls/1.1")]
    public void What_names_no_credential_is_refused(string? text) => Assert.False(CredentialSelector.Parse(text).IsOk);

    private static async Task<IReadOnlyList<string>> RadarAsync(HubHost hub, string without) =>
        [.. (await hub.Get<Radar>().LookAsync(hub.Hub, without, null, null, 100, Token)).Value.Entries.Select(each => $"{each.Identity} {each.Outcome}")];

    private static (Node Other, FakeTimeProvider Clock) OtherNode(HubHost hub)
    {
        var clock = new FakeTimeProvider(hub.Time.GetUtcNow());
        var recorder = new UseRecorder(new(), clock);
        return (new Node(recorder, new UseWriter(hub.Get<Database>(), recorder, clock, NullLogger<UseWriter>.Instance)), clock);
    }

    private static UseRecorder Recorder(HubHost hub) => hub.Get<UseRecorder>();

    private static CredentialUsage Usage(HubHost hub) => hub.Get<CredentialUsage>();

    private static CredentialSelector Selector(string text) => CredentialSelector.Parse(text).Value;

    private static Task<UsePage> FindAsync(HubHost hub, string text, DateTimeOffset since = default) => Usage(hub).FindAsync(hub.Hub, Selector(text), since, default, 100, Token);

    private static Task<UseCount> CountAsync(HubHost hub, string text) => Usage(hub).CountAsync(hub.Hub, Selector(text), DateTimeOffset.MinValue, Token);

    private static async Task UsedAsync(HubHost hub, string key, string credential, ClientTraits? client = null) => Recorder(hub).Used(await PrincipalAsync(hub, key, credential), client ?? Client);

    /// <summary>As Identity makes it.</summary>
    private static async Task<Principal> PrincipalAsync(HubHost hub, string key, string? credential)
    {
        var registered = (await hub.Get<ICredentialSource>().FindIdentityAsync(hub.Hub, HubHost.Key(key), Token))!;
        return new Principal
        {
            Hub = hub.Hub,
            Identity = registered.Identity,
            Rights = Rights.DeviceConnect,
            Method = credential is null ? AuthenticationMethod.X509Authority : AuthenticationMethod.IdentityKey,
            Credential = credential ?? "",
            CredentialName = credential,
            CredentialMark = credential is null ? "" : (credential == CredentialName.PrimaryKey ? registered.PrimaryKey : registered.SecondaryKey)!.Mark,
            GenerationId = registered.GenerationId,
        };
    }

    private sealed record Node(UseRecorder Recorder, UseWriter Writer);

    private sealed class Sessions(params Principal[] open) : ILiveUses
    {
        public IReadOnlyList<LiveUse> Of(HubName hub) => [.. open.Where(each => each.Hub == hub).Select(each => new LiveUse(each, "1.2"))];
    }

    /// <summary>Nodes in one process.</summary>
    private sealed class MemorySignals : ISignals
    {
        private readonly ConcurrentDictionary<(string, object), Action<Signal>> handlers = new();
        private readonly ConcurrentDictionary<string, TaskCompletionSource> awaited = new();

        public bool ReachesOthers => true;

        public ValueTask PublishAsync(Signal signal, CancellationToken cancellationToken)
        {
            foreach (var ((subject, _), handler) in handlers)
            {
                if (subject == signal.Subject)
                {
                    handler(signal);
                }
            }

            if (awaited.TryRemove(signal.Subject, out var said))
            {
                said.TrySetResult();
            }

            return ValueTask.CompletedTask;
        }

        public IDisposable Subscribe(string subject, Action<Signal> handler)
        {
            var subscription = new Subscription(this, subject);
            handlers[(subject, subscription)] = handler;
            return subscription;
        }

        /// <summary>The next signal of the subject was heard by all.</summary>
        internal Task Said(string subject) => awaited.GetOrAdd(subject, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        private sealed class Subscription(MemorySignals owner, string subject) : IDisposable
        {
            public void Dispose() => owner.handlers.TryRemove((subject, this), out _);
        }
    }
}
