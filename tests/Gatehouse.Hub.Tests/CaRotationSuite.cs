using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Rotation;
using Gatehouse.Hub.Tests.Certificates;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteCaRotationTests() : CaRotationSuite(null);

public sealed class PostgresCaRotationTests(PostgresServer server) : CaRotationSuite(server);

/// <summary>Plans from one CA certificate to another: whom they wait for, and what they refuse.</summary>
public abstract class CaRotationSuite(PostgresServer? server)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);
    private static readonly ClientTraits Client = new() { Protocol = "mqtt", TlsVersion = "1.3" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_old_CA_goes_when_every_device_that_came_by_it_has_come_by_the_new_one()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var (old, successor) = await TwoAsync(hub);
        foreach (var id in new[] { "daily", "weekly", "disabled", "never" })
        {
            await hub.PutAsync(id, change: static input => input with { Authentication = new AuthenticationInput { Type = "certificateAuthority" } });
        }

        foreach (var id in new[] { "daily", "weekly", "disabled" })
        {
            await UsedAsync(hub, id, old);
        }

        await hub.PutAsync("disabled", IfMatch.Any, static input => input with { Status = "disabled", Authentication = new AuthenticationInput { Type = "certificateAuthority" } });
        var plan = await StartedAsync(hub);
        Assert.Equal(("old", "next", 2), (plan.LastKey, plan.FirstKey, plan.Steps.Count));

        // Nobody comes by the old one for much longer than asked for: nobody has come by the new one, either.
        await LookAsync(hub, 20);
        Assert.Contains("Nobody has used the new CA 'next' yet", (await FindAsync(hub, plan)).Message, StringComparison.Ordinal);

        await UsedAsync(hub, "daily", successor);
        await LookAsync(hub, 20);
        var held = await FindAsync(hub, plan);
        Assert.Contains("the last that 1 devices or modules used was it", held.Message, StringComparison.Ordinal);
        Assert.Equal((1L, "weekly"), (held.Laggards!.Count, Assert.Single(held.Laggards.Named).Identity));

        await UsedAsync(hub, "weekly", successor);
        await LookAsync(hub, 1);
        var done = await FindAsync(hub, plan);
        Assert.Equal((RotationStates.Done, null), (done.State, done.Laggards));
        Assert.Equal("next", Assert.Single(await hub.Get<CaCertificates>().ListAsync(hub.Hub, Token)).Name);
        Assert.Equal(["rotation.create", "rotation.start", "certificate.delete", "rotation.done"], (await ActionsAsync(hub)).TakeLast(4));
    }

    [Fact]
    public async Task A_device_that_stays_connected_by_the_old_CA_keeps_it_until_the_time_for_the_move_is_over()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var (old, successor) = await TwoAsync(hub);
        await hub.PutAsync("one", change: static input => input with { Authentication = new AuthenticationInput { Type = "certificateAuthority" } });
        await hub.PutAsync("two", change: static input => input with { Authentication = new AuthenticationInput { Type = "certificateAuthority" } });
        await UsedAsync(hub, "one", old);
        using var live = hub.Get<UseRecorder>().Attach(new Sessions(await PrincipalAsync(hub, "one", old)));
        var plan = await StartedAsync(hub, Input() with { AtLatestSeconds = 120 });

        // Nobody has shown that the new one works: the time alone ends nothing.
        await LookAsync(hub, 20);
        Assert.Equal((RotationStates.Running, 1L), ((await FindAsync(hub, plan)).State, (await FindAsync(hub, plan)).Steps[0].Live));

        await UsedAsync(hub, "two", successor);
        await LookAsync(hub, 1);
        var done = await FindAsync(hub, plan);
        Assert.Equal(RotationStates.Done, done.State);
        Assert.Contains("1 that stood on the old CA were closed", done.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("look")]
    [InlineData("looked")]
    [InlineData("done")]
    public async Task A_crash_at_any_step_leaves_it_undone_and_another_node_goes_on(string step)
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var (_, successor) = await TwoAsync(hub);
        await hub.PutAsync("one", change: static input => input with { Authentication = new AuthenticationInput { Type = "certificateAuthority" } });
        var plan = await StartedAsync(hub);
        await UsedAsync(hub, "one", successor);
        var crashing = RotationSuite.Node(hub);
        var crashed = false;
        crashing.Look.Before = at =>
        {
            crashed |= at == step;
            if (at == step)
            {
                throw new IOException("crash");
            }
        };
        for (var round = 0; !crashed; round++)
        {
            Assert.True(round < 30);
            hub.Time.Advance(Look);
            await Record.ExceptionAsync(() => crashing.RunAsync(Token));
        }

        Assert.Equal((2, RotationStates.Running), ((await hub.Get<CaCertificates>().ListAsync(hub.Hub, Token)).Count, (await FindAsync(hub, plan)).State));
        hub.Time.Advance(TimeSpan.FromMinutes(1));
        await LookAsync(hub, 8);
        Assert.Equal((1, RotationStates.Done), ((await hub.Get<CaCertificates>().ListAsync(hub.Hub, Token)).Count, (await FindAsync(hub, plan)).State));
    }

    [Fact]
    public async Task A_plan_ends_when_its_successor_is_replaced_and_a_cancelled_one_leaves_both()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await TwoAsync(hub);
        var plan = await StartedAsync(hub);
        using (var other = new TestAuthority("CN=Other"))
        {
            Assert.True((await hub.Get<CaCertificates>().PutAsync(hub.Hub, "next", new CertificateUpload(other.Pem, true), IfMatch.Any, HubHost.Actor, Token)).IsOk);
        }

        await LookAsync(hub, 1);
        Assert.Equal(RotationStates.Failed, (await FindAsync(hub, plan)).State);
        Assert.Contains("successor 'next' was changed by somebody else", (await FindAsync(hub, plan)).Message, StringComparison.Ordinal);

        var second = await StartedAsync(hub);
        Assert.Contains("CA 'old' stays good", (await hub.Get<Rotations>().CancelAsync(hub.Hub, second.Id!, HubHost.Actor, Token)).Value.Message, StringComparison.Ordinal);
        await LookAsync(hub, 20);
        Assert.Equal(2, (await hub.Get<CaCertificates>().ListAsync(hub.Hub, Token)).Count);
    }

    [Fact]
    public async Task A_successor_by_which_no_device_could_come_is_refused_and_so_are_plans_that_meet()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await TwoAsync(hub);
        await UploadAsync(hub, "third", new TestAuthority("CN=Third"));
        await UploadAsync(hub, "unproved", new TestAuthority("CN=Unproved"), isVerified: false);
        await UploadAsync(hub, "short", new TestAuthority("CN=Short", notAfter: TestAuthority.Now.AddDays(1)));
        hub.Time.Advance(TimeSpan.FromDays(3));
        foreach (var (input, code, word) in new (RotationInput, int, string)[]
        {
            (Input() with { Successor = null }, HubErrors.ArgumentInvalid.Code, "successor"),
            (Input() with { Subject = "none" }, HubErrors.GenericNotFound.Code, "none"),
            (Input() with { Successor = "none" }, HubErrors.GenericNotFound.Code, "none"),
            (Input() with { Successor = "OLD" }, HubErrors.ArgumentInvalid.Code, "same certificate"),
            (Input() with { Successor = "unproved" }, HubErrors.InvalidOperation.Code, "not verified"),
            (Input() with { Subject = "unproved" }, HubErrors.InvalidOperation.Code, "not verified"),
            (Input() with { Successor = "short" }, HubErrors.InvalidOperation.Code, "not valid now"),
            (Input() with { FirstKey = "primaryKey" }, HubErrors.ArgumentInvalid.Code, "firstKey"),
        })
        {
            var refused = await hub.Get<Rotations>().CreateAsync(hub.Hub, input, false, HubHost.Actor, Token);
            Assert.True(!refused.IsOk && refused.Error.Code == code && refused.Error.Message.Contains(word, StringComparison.Ordinal), $"{input}: {refused.Error?.Message}");
        }

        var open = await StartedAsync(hub);
        foreach (var (from, to) in new[] { ("old", "third"), ("next", "old"), ("next", "third"), ("third", "old") })
        {
            var met = await hub.Get<Rotations>().CreateAsync(hub.Hub, Input() with { Subject = from, Successor = to }, false, HubHost.Actor, Token);
            Assert.True(!met.IsOk && met.Error.Code == HubErrors.GenericConflict.Code && met.Error.Message.Contains(open.Id!, StringComparison.Ordinal), $"{from} to {to}");
        }

        await StartedAsync(hub, Input() with { Subject = "third" });
    }

    private static RotationInput Input() => new() { Kind = Rotations.Ca, Subject = "old", Successor = "next", UnusedForSeconds = 60 };

    /// <summary>SHA-256 of both.</summary>
    private static async Task<(string Old, string Successor)> TwoAsync(HubHost hub) =>
        (await UploadAsync(hub, "old", new TestAuthority("CN=Old")), await UploadAsync(hub, "next", new TestAuthority("CN=Next")));

    private static async Task<string> UploadAsync(HubHost hub, string name, TestAuthority authority, bool isVerified = true)
    {
        using (authority)
        {
            return (await hub.Get<CaCertificates>().PutAsync(hub.Hub, name, new CertificateUpload(authority.Pem, isVerified), IfMatch.Absent, HubHost.Actor, Token)).Value.Value.ThumbprintSha256;
        }
    }

    private static async Task<RotationPlan> StartedAsync(HubHost hub, RotationInput? input = null)
    {
        var made = (await hub.Get<Rotations>().CreateAsync(hub.Hub, input ?? Input(), false, HubHost.Actor, Token)).Value;
        return (await hub.Get<Rotations>().StartAsync(hub.Hub, made.Id!, HubHost.Actor, Token)).Value;
    }

    private static async Task LookAsync(HubHost hub, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            hub.Time.Advance(Look);
            await hub.Get<RotationRunner>().RunAsync(Token);
        }
    }

    private static async Task<RotationPlan> FindAsync(HubHost hub, RotationPlan plan) => (await hub.Get<Rotations>().FindAsync(hub.Hub, plan.Id!, Token)).Value;

    private static async Task<IReadOnlyList<string>> ActionsAsync(HubHost hub) =>
        [.. (await hub.Get<AuditLog>().ReadAsync(hub.Hub.Value, 0, 1000, Token)).Where(entry => entry.Fields.Actor.StartsWith(HubHost.Actor, StringComparison.Ordinal)).Select(entry => entry.Fields.Action)];

    private static async Task UsedAsync(HubHost hub, string device, string authority)
    {
        hub.Time.Advance(TimeSpan.FromSeconds(1));
        hub.Get<UseRecorder>().Used(await PrincipalAsync(hub, device, authority), Client);
    }

    /// <summary>As Identity makes it.</summary>
    private static async Task<Principal> PrincipalAsync(HubHost hub, string device, string authority)
    {
        var registered = (await hub.Get<ICredentialSource>().FindIdentityAsync(hub.Hub, HubHost.Key(device), Token))!;
        return new Principal
        {
            Hub = hub.Hub,
            Identity = registered.Identity,
            Rights = Rights.DeviceConnect,
            Method = AuthenticationMethod.X509Authority,
            Credential = "",
            CredentialName = CredentialName.OfAuthority(authority),
            Certificates = new CertificateTrace(1, 2, 3, []) { Path = new IssuerPath(CredentialName.OfAuthority(authority), "") },
            GenerationId = registered.GenerationId,
        };
    }

    private sealed class Sessions(params Principal[] open) : ILiveUses
    {
        public IReadOnlyList<LiveUse> Of(Gatehouse.Contracts.Identities.HubName hub) => [.. open.Where(each => each.Hub == hub).Select(each => new LiveUse(each, "1.3"))];
    }
}
