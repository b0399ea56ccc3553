using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Gateway.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>One link for each purpose of each device: the newest that has not ended.</summary>
public sealed class LinkOwnersTests
{
    [Fact]
    public async Task A_link_that_ended_while_it_attached_takes_nothing_from_its_successor()
    {
        await using var host = await GatewayHost.StartAsync();
        var owners = host.Get<LinkOwners>();
        var (late, successor) = (new Held(host), new Held(host));
        late.Standing.End(late);
        owners.Take(successor);

        owners.Take(late);
        owners.Leave(late);

        Assert.Same(successor, owners.FindBeside<Held>(successor.Standing, LinkPurpose.TwinAnswers));
        Assert.Equal((0, 0), (late.Displaced, successor.Displaced));
        owners.Take(new Held(host));
        Assert.Equal(1, successor.Displaced);
    }

    private sealed class Held(GatewayHost host) : IOwnedLink
    {
        public LinkStanding Standing { get; } = new(host.Get<GatewayParts>(), null!, new Granted(), LinkPurpose.TwinAnswers);

        internal int Displaced { get; private set; }

        public void Displace() => Displaced++;
    }

    private sealed class Granted : IGrant
    {
        public Principal Principal { get; } = new()
        {
            Hub = HubName.Parse("gatehouse"), Identity = new IdentityKey(DeviceId.Parse("d1")), Rights = Rights.DeviceConnect, Method = AuthenticationMethod.IdentityKey, Credential = "primaryKey",
        };

        public IDisposable WhenEnded(Action<HubError> action) => throw new NotSupportedException();
    }
}
