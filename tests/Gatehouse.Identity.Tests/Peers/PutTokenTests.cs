using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Xunit;

namespace Gatehouse.Identity.Tests.Peers;

/// <summary>Tokens of $cbs in every form of the clients, and whose they make the peer.</summary>
public sealed class PutTokenTests
{
    // Audience, sr as it stands in the token: Node, C#, C, hand-made.
    public static TheoryData<string, string, string> DeviceForms => new()
    {
        { "dev1", "hub.example.com%2Fdevices%2Fdev1", "hub.example.com%2Fdevices%2Fdev1" },
        { "dev1", "hub.example.com/devices/dev1", "hub.example.com%2Fdevices%2Fdev1" },
        { "dev1", "hub.example.com/devices/dev1", "hub.example.com/devices/dev1" },
        { "dev1", "amqps://hub.example.com:5671/devices/dev1", "hub.example.com/devices/dev1" },
        { "dev1", "GATEWAY.example.com/Devices/dev1", "gateway.example.com%2fdevices%2fdev1" },
        { "dev1", "[::1]:5671/devices/dev1/", "[::1]:5671/devices/dev1" },
        { "dev1/mod1", "hub.example.com%2Fdevices%2Fdev1%2Fmodules%2Fmod1", "hub.example.com%2Fdevices%2Fdev1%2Fmodules%2Fmod1" },
        { "dev1/mod1", "hub.example.com/devices/dev1/modules/mod1", "hub.example.com/devices/dev1/modules/mod1" },
        { "a%41:@", "hub.example.com%2Fdevices%2Fa%2541%3A%40", "hub.example.com%2Fdevices%2Fa%2541%3A%40" },
        { "a%41:@", "hub.example.com/devices/a%2541%3A%40", "hub.example.com%2Fdevices%2Fa%252541%253A%2540" },
        { "a%41:@", "hub.example.com/devices/a%41:@", "hub.example.com/devices/a%41:@" },
    };

    public static TheoryData<string, string> PolicyForms => new()
    {
        { "hub.example.com", "hub.example.com" },
        { "amqps://hub.example.com:5671/", "hub.example.com" },
        { "hub.example.com%2Fdevices%2Fdev1", "hub.example.com%2Fdevices%2Fdev1" },
        { "sb://hub.example.com/hub/ConsumerGroups/$Default/Partitions/0", "sb%3A%2F%2Fhub.example.com%2Fhub%2FConsumerGroups%2F%24Default%2FPartitions%2F0" },
        { "sb://hub.example.com/hub/$management", "sb%3A%2F%2Fhub.example.com%2Fhub%2F%24management" },
        { "sb%3A%2F%2Fhub.example.com%2Fhub%2F%24management", "sb%3A%2F%2Fhub.example.com%2Fhub%2F%24management" },
    };

    [Theory]
    [MemberData(nameof(DeviceForms))]
    public async Task A_devices_own_token_opens_exactly_that_identity(string id, string audience, string resource)
    {
        using var world = new PeerWorld();
        world.Credentials.AddDevice("a%41:@");
        world.Credentials.AddDevice("aA:@");
        using var proofs = world.Open();

        var grant = (await proofs.PutTokenAsync(audience, world.Token(resource, $"{id}-2"), TestContext.Current.CancellationToken)).Value;

        Assert.Equal((id, AuthenticationMethod.IdentityKey, "secondaryKey"), (grant.Principal.Identity.ToString(), grant.Principal.Method, grant.Principal.Credential));
        Assert.True(proofs.IsAny);
        foreach (var other in new[] { "dev1", "dev10", "dev2", "dev1/mod1", "dev1/mod10", "aA:@", "a%41:@" })
        {
            Assert.Equal(other == id, await PeerWorld.ActAsync(proofs, other) is null);
        }

        Assert.False(proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).IsOk);
    }

    [Theory]
    [MemberData(nameof(PolicyForms))]
    public async Task A_policys_token_is_taken_in_every_form(string audience, string resource)
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();

        var grant = (await proofs.PutTokenAsync(audience, world.Token(resource, "iothubowner-1", "iothubowner"), TestContext.Current.CancellationToken)).Value;

        Assert.Equal(("iothubowner", Rights.Owner, null), (grant.Principal.PolicyName, grant.Principal.Rights, grant.Principal.Identity));
    }

    [Theory]
    [InlineData("hub.example.com/devices/dev2", "dev1", RefusalReason.TokenScopeWrong)] // another's audience
    [InlineData("hub.example.com", "dev1", RefusalReason.TokenMalformed)]               // whole host without a policy
    [InlineData("hub.example.com/devices", "dev1", RefusalReason.TokenMalformed)]
    [InlineData("hub.example.com/devices/dev1/messages", "dev1", RefusalReason.TokenMalformed)]
    [InlineData("hub.example.com/devices/dev3", "dev3", RefusalReason.UnknownIdentity)]
    [InlineData("other.example.com/devices/dev1", "dev1", RefusalReason.UnknownHub)]
    [InlineData("", "dev1", RefusalReason.UnknownHub)]
    public async Task A_token_that_does_not_fit_its_audience_is_refused(string audience, string id, RefusalReason reason)
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();

        var result = await proofs.PutTokenAsync(audience, world.DeviceToken(id), TestContext.Current.CancellationToken);

        Assert.Equal(401, result.Error!.HttpStatus);
        Assert.Equal((reason, "amqp", "192.0.2.1"), (world.LastReason, world.Refusals[^1].Protocol, world.Refusals[^1].RemoteAddress));
        Assert.False(proofs.IsAny);
    }

    [Fact]
    public async Task A_wrong_key_is_refused_and_the_operator_reads_why()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();

        var result = await proofs.PutTokenAsync(PeerWorld.Path("dev1"), world.DeviceToken("dev1", key: "dev2-1"), TestContext.Current.CancellationToken);

        Assert.Equal(HubErrors.IotHubUnauthorized, result.Error);
        Assert.Equal((RefusalReason.TokenSignatureWrong, "dev1", "hub"), (world.LastReason, world.Refusals[^1].Claimed, world.Refusals[^1].Hub));
        Assert.DoesNotContain("sig=", world.Refusals[^1].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expired_token_and_a_disabled_device_are_refused()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var late = world.Time.GetUtcNow().AddSeconds(-301).ToUnixTimeSeconds();

        Assert.False((await proofs.PutTokenAsync(PeerWorld.Path("dev1"), world.DeviceToken("dev1", late), TestContext.Current.CancellationToken)).IsOk);
        Assert.Equal(RefusalReason.TokenExpired, world.LastReason);
        Assert.True((await proofs.PutTokenAsync(PeerWorld.Path("dev1"), world.DeviceToken("dev1", late + 1), TestContext.Current.CancellationToken)).IsOk);
        world.Credentials.AddDevice("dev2", change: device => device with { IsEnabled = false });
        Assert.False((await proofs.PutTokenAsync(PeerWorld.Path("dev2"), world.DeviceToken("dev2"), TestContext.Current.CancellationToken)).IsOk);
        Assert.Equal(RefusalReason.IdentityDisabled, world.LastReason);
    }

    [Fact]
    public async Task The_longest_token_and_audience_are_looked_at_and_longer_ones_are_not()
    {
        var options = new IdentityOptions { MaxTokenCharacters = 512 };
        using var world = new PeerWorld(options);
        using var proofs = world.Open();
        var token = world.DeviceToken("dev1");
        var longest = token + "&x=" + new string('a', 512 - 3 - token.Length);

        Assert.True((await proofs.PutTokenAsync(PeerWorld.Path("dev1") + new string('/', 512 - PeerWorld.Path("dev1").Length), longest, TestContext.Current.CancellationToken)).IsOk);
        Assert.False((await proofs.PutTokenAsync(PeerWorld.Path("dev1"), longest + "a", TestContext.Current.CancellationToken)).IsOk);
        Assert.Equal(RefusalReason.TokenMalformed, world.LastReason);
        Assert.False((await proofs.PutTokenAsync(PeerWorld.Path("dev1") + new string('/', 513 - PeerWorld.Path("dev1").Length), token, TestContext.Current.CancellationToken)).IsOk);
    }

    [Fact]
    public async Task A_connection_holds_as_many_tokens_as_it_may_and_not_one_more()
    {
        using var world = new PeerWorld(new IdentityOptions { MaxTokensPerConnection = 3 });
        using var proofs = world.Open();
        await world.PutAsync(proofs, "dev1");
        await world.PutAsync(proofs, "dev2");
        var third = await world.PutAsync(proofs, "dev10");

        var fourth = await proofs.PutTokenAsync(PeerWorld.Path("dev1/mod1"), world.DeviceToken("dev1/mod1"), TestContext.Current.CancellationToken);

        Assert.Equal((403_005, "IotHubMaxCbsTokenExceeded"), (fourth.Error!.Code, fourth.Error.Name));
        Assert.Equal(RefusalReason.Throttled, world.LastReason);

        // A renewal is no further one, and one that ends makes room.
        Assert.Same(third, await world.PutAsync(proofs, "dev10"));
        world.Credentials.Remove("dev2");
        world.Signal("identity.changed", "dev2");
        Assert.True((await proofs.PutTokenAsync(PeerWorld.Path("dev1/mod1"), world.DeviceToken("dev1/mod1"), TestContext.Current.CancellationToken)).IsOk);
    }

    [Fact]
    public async Task An_address_that_is_refused_again_and_again_is_put_off_and_the_others_are_not()
    {
        using var world = new PeerWorld(new IdentityOptions { Backoff = new BackoffOptions { RefusalsPerIdentity = 3, RefusalsPerAddress = 5 } }, hasBackoff: true);
        using var proofs = world.Open();
        for (var i = 0; i < 3; i++)
        {
            await proofs.PutTokenAsync(PeerWorld.Path("dev1"), world.DeviceToken("dev1", key: "wrong"), TestContext.Current.CancellationToken);
        }

        Assert.False((await proofs.PutTokenAsync(PeerWorld.Path("dev1"), world.DeviceToken("dev1"), TestContext.Current.CancellationToken)).IsOk);
        Assert.Equal(RefusalReason.BackedOff, world.LastReason);
        Assert.True((await proofs.PutTokenAsync(PeerWorld.Path("dev2"), world.DeviceToken("dev2"), TestContext.Current.CancellationToken)).IsOk);
        Assert.True((await proofs.PutTokenAsync(PeerWorld.Host, world.PolicyToken("service"), TestContext.Current.CancellationToken)).IsOk);

        await proofs.PutTokenAsync(PeerWorld.Host, world.PolicyToken("service", key: "wrong"), TestContext.Current.CancellationToken);
        await proofs.PutTokenAsync(PeerWorld.Host, world.PolicyToken("service", key: "wrong"), TestContext.Current.CancellationToken);
        Assert.False((await proofs.PutTokenAsync(PeerWorld.Host, world.PolicyToken("service"), TestContext.Current.CancellationToken)).IsOk);
        Assert.Equal(RefusalReason.BackedOff, world.LastReason);
        using var elsewhere = world.Open(address: System.Net.IPAddress.Parse("198.51.100.7"));
        Assert.True((await elsewhere.PutTokenAsync(PeerWorld.Host, world.PolicyToken("service"), TestContext.Current.CancellationToken)).IsOk);
    }
}
