using System.Globalization;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Revoking;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteStrictModeTests() : StrictModeSuite(null);

public sealed class PostgresStrictModeTests(PostgresServer server) : StrictModeSuite(server);

/// <summary>What a hub asks of proofs: how it is changed, what a change tells before and after, and what must be forced.</summary>
public abstract class StrictModeSuite(PostgresServer? server)
{
    private static readonly StrictnessChange X509 = new() { DeviceAuthentication = "x509" };
    private static readonly StrictnessChange AnHour = new() { MaxTokenLifetimeSeconds = 3600 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_is_in_force_and_told_when_it_returns_and_is_there_after_a_restart()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var told = new List<(HubName Hub, Strictness InForce)>();
        using var subscription = hub.Get<IStrictnessChanges>().Subscribe(name => told.Add((name, InForce(hub))));
        Assert.Equal((Strictness.None, 0L), ((await Rules(hub).FindAsync(hub.Hub, Token)).Value.Strictness, (await Rules(hub).FindAsync(hub.Hub, Token)).Value.Counter));

        await ChangedAsync(hub, AnHour);
        await ChangedAsync(hub, X509);

        var both = new Strictness { MaxTokenSeconds = 3600, IsX509Only = true };
        Assert.Equal([(hub.Hub, new Strictness { MaxTokenSeconds = 3600 }), (hub.Hub, both)], told);
        Assert.Equal(both, InForce(hub));
        await hub.Get<HubStartup>().StartAsync(Token);
        Assert.Equal(new HubStrictness(both, 2), (await Rules(hub).FindAsync(hub.Hub, Token)).Value);
        Assert.Equal(["strictness.update gatehouse", "strictness.update gatehouse"], await hub.AuditedAsync());
        var record = (await hub.Get<AuditLog>().ReadAsync(hub.Hub.Value, 0, 1000, Token)).Last(each => each.Fields.Action == "strictness.update").Fields.Detail;
        Assert.Equal("""{"before":{"maxTokenLifetimeSeconds":3600,"deviceAuthentication":"any","deviceTokens":"any","deviceKeys":"stored"},"after":{"maxTokenLifetimeSeconds":3600,"deviceAuthentication":"x509","deviceTokens":"any","deviceKeys":"stored"},"forced":false}""", record);

        Assert.False((await ChangedAsync(hub, X509)).IsChanged);
        Assert.Equal((2, 2), (told.Count, (await hub.AuditedAsync()).Count));
        await ChangedAsync(hub, new() { MaxTokenLifetimeSeconds = 0, DeviceAuthentication = "any" });
        Assert.Equal(Strictness.None, InForce(hub));
    }

    [Theory]
    [InlineData(null, null, "Nothing is named to change")]
    [InlineData(599L, null, "600 to 31536000, or 0")]
    [InlineData(31_536_001L, null, "600 to 31536000, or 0")]
    [InlineData(-1L, null, "600 to 31536000, or 0")]
    [InlineData(null, "X509", "any or x509")]
    [InlineData(600L, "", "any or x509")]
    public async Task What_is_wrong_with_a_change_is_said_and_nothing_is_written(long? seconds, string? devices, string words)
    {
        await using var hub = await HubHost.StartAsync(server: server);

        var refused = await ChangeAsync(hub, new() { MaxTokenLifetimeSeconds = seconds, DeviceAuthentication = devices }, isForced: true);

        Assert.Equal("ArgumentInvalid", refused.Error?.Name);
        Assert.Contains(words, refused.Error!.Message, StringComparison.Ordinal);
        Assert.Equal((0L, 0), ((await Rules(hub).FindAsync(hub.Hub, Token)).Value.Counter, (await hub.AuditedAsync()).Count));
    }

    [Fact]
    public async Task Own_tokens_are_wanted_and_no_longer_and_who_goes_is_told_each_time()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var byPolicy = Live(hub, "a", 600) with { Method = AuthenticationMethod.PolicyKey, PolicyName = "device" };
        var part = Live(hub, "b", 600) with { Rights = Rights.DeviceTelemetry };
        using var live = hub.Get<UseRecorder>().Attach(new Sessions(byPolicy, part, Live(hub, "c", 600), Live(hub, "d", null), Live(hub, null, 600)));

        var effect = await ChangedAsync(hub, new() { DeviceTokens = "own" });
        Assert.Equal((1, 4, "a"), (effect.LiveCount, effect.StayCount, Assert.Single(effect.Live)));
        Assert.Equal(new Strictness { IsOwnTokensOnly = true }, InForce(hub));
        await hub.Get<HubStartup>().StartAsync(Token);
        Assert.True((await Rules(hub).FindAsync(hub.Hub, Token)).Value.Strictness.IsOwnTokensOnly);

        effect = await ChangedAsync(hub, new() { DeviceTokens = "any" });
        Assert.Equal((1, 4, "b"), (effect.LiveCount, effect.StayCount, Assert.Single(effect.Live)));
        Assert.Equal(Strictness.None, InForce(hub));
        var refused = await ChangeAsync(hub, new() { DeviceTokens = "narrow" });
        Assert.Contains("deviceTokens must be any or own", refused.Error!.Message, StringComparison.Ordinal);
        refused = await ChangeAsync(hub, new() { DeviceKeys = "none" });
        Assert.Contains("deviceKeys must be stored or derived", refused.Error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(600L)]
    [InlineData(31_536_000L)]
    public async Task The_bounds_themselves_are_taken(long seconds)
    {
        await using var hub = await HubHost.StartAsync(server: server);

        Assert.Equal(seconds, (await ChangedAsync(hub, new() { MaxTokenLifetimeSeconds = seconds })).Current.Strictness.MaxTokenSeconds);
    }

    [Fact]
    public async Task A_change_is_made_to_the_version_that_it_was_meant_for()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var before = (await Rules(hub).FindAsync(hub.Hub, Token)).Value.ETag;
        var after = (await ChangedAsync(hub, AnHour, IfMatch.Version(before))).Current.ETag;

        Assert.Equal("PreconditionFailed", (await ChangeAsync(hub, X509, IfMatch.Version(before))).Error?.Name);
        Assert.Equal("PreconditionFailed", (await Rules(hub).RehearseAsync(Caller(hub), X509, IfMatch.Version(before), Token)).Error?.Name);
        await ChangedAsync(hub, X509, IfMatch.Version(after));
        await ChangedAsync(hub, new() { DeviceAuthentication = "any" }, IfMatch.Any);
    }

    [Fact]
    public async Task A_drill_counts_who_could_no_longer_connect_and_changes_nothing()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        foreach (var key in new[] { "a", "b", "b/m", "off", "off/m" })
        {
            await hub.PutAsync(key);
        }

        await hub.PutAsync("off", IfMatch.Any, input => input with { Status = "disabled" });
        await hub.PutAsync("c", change: input => input with { Authentication = new AuthenticationInput { Type = "certificateAuthority" } });
        await hub.PutAsync("d", change: input => input with { Authentication = new AuthenticationInput { Type = "selfSigned", PrimaryThumbprint = new string('A', 64) } });
        await hub.PutAsync("e", change: input => input with { Authentication = new AuthenticationInput { Type = "none" } });
        using var live = hub.Get<UseRecorder>().Attach(new Sessions(Live(hub, "a", 60), Live(hub, "b", 7200), Live(hub, "c", null), Live(hub, null, 7200)));
        var audited = (await hub.AuditedAsync()).Count;

        var effect = (await Rules(hub).RehearseAsync(Caller(hub), X509, IfMatch.Absent, Token)).Value;
        Assert.Equal((3L, 2L, 2, 2, null), (effect.RegisteredCount, effect.RemainingCount, effect.LiveCount, effect.StayCount, effect.Danger));
        Assert.Equal(["a", "b", "b/m"], effect.Registered);
        Assert.Equal(["a", "b"], effect.Live);

        effect = (await Rules(hub).RehearseAsync(Caller(hub), AnHour, IfMatch.Absent, Token)).Value;
        Assert.Equal((0L, 2, 2, null), (effect.RegisteredCount, effect.LiveCount, effect.StayCount, effect.Danger));
        Assert.Equal(["b", "policy/iothubowner"], effect.Live);
        Assert.Equal((true, 3600L, 0L), (effect.IsChanged, effect.Current.Strictness.MaxTokenSeconds, effect.Current.Counter));
        Assert.Equal((Strictness.None, audited), (InForce(hub), (await hub.AuditedAsync()).Count));
    }

    [Theory]
    [InlineData("keys only", "None of the 1 devices and modules that are enabled could connect")]
    [InlineData("all live", "All 2 that are connected to this node would be cut off")]
    [InlineData("own token", "Your own token ends in 86400 s")]
    public async Task What_leaves_nobody_is_done_only_by_force_and_the_record_says_so(string which, string words)
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("a");
        var change = which == "keys only" ? X509 : AnHour;
        using var live = hub.Get<UseRecorder>().Attach(new Sessions(which == "all live" ? [Live(hub, "a", 7200), Live(hub, "b", 7200)] : []));
        var life = which == "own token" ? 86_400 : 600;

        Assert.Contains(words, (await Rules(hub).RehearseAsync(Caller(hub, life), change, IfMatch.Absent, Token)).Value.Danger, StringComparison.Ordinal);
        var refused = await ChangeAsync(hub, change, life: life);
        Assert.Equal("GenericConflict", refused.Error?.Name);
        Assert.Contains(words, refused.Error!.Message, StringComparison.Ordinal);
        Assert.Equal(Strictness.None, InForce(hub));

        Assert.True((await ChangeAsync(hub, change, isForced: true, life: life)).IsOk);
        Assert.NotEqual(Strictness.None, InForce(hub));
        Assert.Contains("\"forced\":true", (await hub.Get<AuditLog>().ReadAsync(hub.Hub.Value, 0, 1000, Token)).Last(each => each.Fields.Action == "strictness.update").Fields.Detail, StringComparison.Ordinal);

        // What makes it less strict leaves nobody out.
        Assert.True((await ChangeAsync(hub, new() { MaxTokenLifetimeSeconds = 0, DeviceAuthentication = "any" }, life: life)).IsOk);
    }

    [Fact]
    public async Task Another_node_has_it_within_its_interval_though_no_signal_came()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var directory = new HubDirectory();
        using var other = new KnownHubs(hub.Get<Database>(), directory, new DeafSignals(), new RevocationOptions(), hub.Time, NullLogger<KnownHubs>.Instance);
        await other.RefreshAsync(Token);
        var told = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var subscription = other.Subscribe(name => told.TrySetResult(directory.Find(name)!.Strictness.IsX509Only));
        await ChangedAsync(hub, X509);
        Assert.False(directory.Find(hub.Hub)!.Strictness.IsX509Only);

        await other.StartAsync(Token);
        while (!told.Task.IsCompleted)
        {
            // The timer begins when the other node's task has come to it.
            hub.Time.Advance(new RevocationOptions().CheckInterval);
            await Task.WhenAny(told.Task, Task.Delay(20, Token));
        }

        Assert.True(await told.Task);
        await other.StopAsync(Token);
    }

    private static StrictModeRules Rules(HubHost hub) => hub.Get<StrictModeRules>();

    private static Strictness InForce(HubHost hub) => hub.Get<ICredentialSource>().FindHub("localhost")!.Strictness;

    private static async Task<StrictnessEffect> ChangedAsync(HubHost hub, StrictnessChange change, IfMatch? ifMatch = null)
    {
        var done = await ChangeAsync(hub, change, ifMatch);
        Assert.True(done.IsOk, done.Error?.Message);
        return done.Value;
    }

    private static Task<Contracts.Errors.Result<StrictnessEffect>> ChangeAsync(HubHost hub, StrictnessChange change, IfMatch? ifMatch = null, bool isForced = false, int life = 600) =>
        Rules(hub).ChangeAsync(Caller(hub, life), change, ifMatch ?? IfMatch.Absent, isForced, HubHost.Actor, Token);

    private static Principal Caller(HubHost hub, int life = 600) => Live(hub, null, life);

    /// <summary>A device with a token of so many seconds or with a certificate; without a name a back end.</summary>
    private static Principal Live(HubHost hub, string? device, int? seconds) => new()
    {
        Hub = hub.Hub,
        Identity = device is null ? null : HubHost.Key(device),
        PolicyName = device is null ? "iothubowner" : null,
        Rights = device is null ? Rights.Owner : Rights.DeviceConnect,
        Method = seconds is null ? AuthenticationMethod.X509Authority : device is null ? AuthenticationMethod.PolicyKey : AuthenticationMethod.IdentityKey,
        Credential = seconds?.ToString(CultureInfo.InvariantCulture) ?? "",
        ExpiresAt = seconds is { } life ? hub.Time.GetUtcNow().AddSeconds(life) : null,
    };

    private sealed class Sessions(params Principal[] open) : ILiveUses
    {
        public IReadOnlyList<LiveUse> Of(HubName hub) => [.. open.Where(each => each.Hub == hub).Select(each => new LiveUse(each, "1.3"))];
    }

    private sealed class DeafSignals : ISignals
    {
        public bool ReachesOthers => false;

        public ValueTask PublishAsync(Signal signal, CancellationToken cancellationToken) => default;

        public IDisposable Subscribe(string subject, Action<Signal> handler) => new Nothing();

        private sealed class Nothing : IDisposable
        {
            public void Dispose()
            {
            }
        }
    }
}
