using Gatehouse.Hub.Events;
using Gatehouse.ServiceApi.Amqp;
using Gatehouse.Wire.Amqp;
using Gatehouse.Wire.EventHubs;
using Xunit;

namespace Gatehouse.ServiceApi.Tests.Amqp;

public sealed class ReceiverStartTests
{
    public static TheoryData<string, EventPosition> Positions => new()
    {
        { "amqp.annotation.x-opt-offset > '-1'", new EventPosition.AfterOffset(-1) },
        { "amqp.annotation.x-opt-offset > '5'", new EventPosition.AfterOffset(5) },
        { "amqp.annotation.x-opt-offset >= '5'", new EventPosition.FromSequenceNumber(5) },
        { "amqp.annotation.x-opt-offset > '@latest'", new EventPosition.Latest() },
        { "amqp.annotation.x-opt-sequence-number > '5'", new EventPosition.AfterSequenceNumber(5) },
        { "amqp.annotation.x-opt-sequence-number >= '5'", new EventPosition.FromSequenceNumber(5) },
        { "amqp.annotation.x-opt-enqueued-time > '1700000000000'", new EventPosition.FromTime(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_001)) },
        { "amqp.annotation.x-opt-enqueuedtimeutc >= 1700000000000", new EventPosition.FromTime(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000)) },
        { "amqp.annotation.x-opt-enqueued-time > '9223372036854775807'", new EventPosition.FromTime(DateTimeOffset.FromUnixTimeMilliseconds(253_402_300_799_999)) },
        { "amqp.annotation.x-opt-enqueued-time >= '-9223372036854775808'", new EventPosition.FromTime(DateTimeOffset.MinValue) },
    };

    [Theory]
    [MemberData(nameof(Positions))]
    public void A_selector_is_a_position(string selector, EventPosition position)
    {
        foreach (var descriptor in new object[] { EventSelector.FilterCode, new Symbol(EventSelector.FilterName) })
        {
            Assert.True(ReceiverStart.TryRead(Filters(new AmqpDescribed(descriptor, selector)), out var from, out var error), error);
            Assert.Equal(position, from);
        }
    }

    [Fact]
    public void Without_a_filter_reading_starts_with_the_oldest_event()
    {
        Assert.True(ReceiverStart.TryRead(null, out var none, out _));
        Assert.True(ReceiverStart.TryRead(new AmqpMap(), out var empty, out _));

        Assert.Equal([new EventPosition.Earliest(), new EventPosition.Earliest()], [none, empty]);
    }

    [Fact]
    public void Filters_that_are_not_understood_are_refused_with_words()
    {
        var unknown = new AmqpMap();
        unknown.AddSymbol("apache.org:no-local-filter:list", null);
        var two = Filters("amqp.annotation.x-opt-offset > '-1'");
        two.AddSymbol("other", "x");
        AmqpMap[] bad =
        [
            unknown,
            two,
            Filters(null),
            Filters(7),
            Filters(new AmqpDescribed(1UL, "amqp.annotation.x-opt-offset > '-1'")),
            Filters(new AmqpDescribed(EventSelector.FilterCode, 5)),
            Filters(new AmqpDescribed(EventSelector.FilterCode, "1=1")),
        ];

        Assert.All(bad, filters =>
        {
            Assert.False(ReceiverStart.TryRead(filters, out var from, out var error));
            Assert.Null(from);
            Assert.NotEmpty(error);
        });
    }

    private static AmqpMap Filters(object? value)
    {
        var map = new AmqpMap();
        map.AddSymbol(EventSelector.FilterName, value);
        return map;
    }
}
