using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Gateway.Amqp;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>A message costs no garbage on its way to the log.</summary>
public sealed class AllocationTests
{
    public static TheoryData<string, byte[], uint> Messages => new()
    {
        { "plain", Message("x", 256), 0 },
        { "in several sections", new MessageBytes().Data(new byte[100]).Data(new byte[100]).ToArray(), 0 },
        { "with large properties", Message(new string('p', 50_000), 200_000), 0 },
        { "batch", MessageBytes.Batch(Enumerable.Repeat(Message("x", 256), 20)), BatchReader.MessageFormat },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task Handing_a_message_to_the_hub_allocates_nothing(string name, byte[] message, uint format)
    {
        const int Rounds = 2_000;
        var log = new CountingLog();
        await using var host = await GatewayHost.StartAsync(log: log);
        var identity = new IdentityKey(DeviceId.Parse("d1"));
        var channel = await host.Get<TelemetryIntake>().OpenAsync(host.Hub, identity, TestContext.Current.CancellationToken);
        var grant = new FixedGrant(new Principal { Hub = host.Hub, Identity = identity, Rights = Rights.DeviceConnect, Method = AuthenticationMethod.IdentityKey, Credential = "primaryKey" });
        var link = new TelemetryLink(host.Get<GatewayParts>(), null!, grant, channel, "dtmi:test:model;1");

        void Take()
        {
            Assert.True(link.TryTake(new IncomingMessage(message, format, 1, true)));
        }

        for (var i = 0; i < 200; i++)
        {
            Take();
        }

        // The least of three: a collection that other tests cause empties the pools of arrays once.
        var perMessage = Enumerable.Range(0, 3).Min(_ =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Rounds; i++)
            {
                Take();
            }

            return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Rounds;
        });
        // A batch of this log is never told durable, so the table of open batches grows.
        Assert.True(perMessage < (format == 0 ? 1 : 100), $"{name}: {perMessage} bytes");
        Assert.Equal(((3 * Rounds) + 200) * (format == 0 ? 1 : 20), log.Count);
    }

    private static byte[] Message(string property, int bytes) => new MessageBytes()
        .Annotations(("dt-subject", "c"))
        .Properties(Guid.NewGuid(), null, "/devices/d1/messages/events", null, null, 5ul, new Symbol("application/json"), new Symbol("utf-8"), new AmqpTimestamp(1_700_000_000_000))
        .Application(("a", "b"), ("n", 1.5), ("t", true), ("p", property))
        .Data(new byte[bytes])
        .ToArray();

    private sealed class FixedGrant(Principal principal) : IGrant
    {
        public Principal Principal => principal;

        public IDisposable WhenEnded(Action<HubError> action) => throw new NotSupportedException();
    }
}
