using Gatehouse.Wire.EventHubs;
using Xunit;

namespace Gatehouse.Wire.Tests.EventHubs;

public sealed class EventSelectorTests
{
    [Theory]
    [InlineData("amqp.annotation.x-opt-offset > '-1'", EventSelectorField.Offset, false, -1, false)]
    [InlineData("amqp.annotation.x-opt-offset > '@latest'", EventSelectorField.Offset, false, 0, true)]
    [InlineData("amqp.annotation.x-opt-offset >= '@latest'", EventSelectorField.Offset, true, 0, true)]
    [InlineData("amqp.annotation.x-opt-offset > '123'", EventSelectorField.Offset, false, 123, false)]
    [InlineData("amqp.annotation.x-opt-offset >= '123'", EventSelectorField.Offset, true, 123, false)]
    [InlineData("amqp.annotation.x-opt-offset > 123", EventSelectorField.Offset, false, 123, false)]
    [InlineData("amqp.annotation.x-opt-offset>'9223372036854775807'", EventSelectorField.Offset, false, long.MaxValue, false)]
    [InlineData("amqp.annotation.x-opt-sequence-number > '5'", EventSelectorField.SequenceNumber, false, 5, false)]
    [InlineData("amqp.annotation.x-opt-sequence-number >= '0'", EventSelectorField.SequenceNumber, true, 0, false)]
    [InlineData("amqp.annotation.x-opt-sequence-number >'-1'", EventSelectorField.SequenceNumber, false, -1, false)]
    [InlineData("amqp.annotation.x-opt-enqueued-time > '1700000000000'", EventSelectorField.EnqueuedTime, false, 1_700_000_000_000, false)]
    [InlineData("amqp.annotation.x-opt-enqueued-time >= 1700000000000", EventSelectorField.EnqueuedTime, true, 1_700_000_000_000, false)]
    [InlineData("amqp.annotation.x-opt-enqueuedtimeutc > 1700000000000", EventSelectorField.EnqueuedTime, false, 1_700_000_000_000, false)]
    [InlineData("amqp.annotation.x-opt-enqueuedtimeutc > '-62135596800000'", EventSelectorField.EnqueuedTime, false, -62_135_596_800_000, false)]
    [InlineData("  amqp.annotation.x-opt-offset   >=   '7'  ", EventSelectorField.Offset, true, 7, false)]
    public void The_forms_that_clients_write_are_read(string text, EventSelectorField field, bool isInclusive, long value, bool isLatest)
    {
        Assert.True(EventSelector.TryParse(text, out var selector, out var error), error);

        Assert.Equal(new EventSelector(field, isInclusive, value, isLatest), selector);
        Assert.Null(error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x-opt-offset > '1'")]
    [InlineData("amqp.annotation.")]
    [InlineData("amqp.annotation.x-opt-offset")]
    [InlineData("amqp.annotation.x-opt-offset '1'")]
    [InlineData("amqp.annotation.x-opt-offset < '1'")]
    [InlineData("amqp.annotation.x-opt-offset = '1'")]
    [InlineData("amqp.annotation.x-opt-offset => '1'")]
    [InlineData("amqp.annotation.x-opt-offset >> '1'")]
    [InlineData("amqp.annotation.x-opt-offset > ")]
    [InlineData("amqp.annotation.x-opt-offset > ''")]
    [InlineData("amqp.annotation.x-opt-offset > '")]
    [InlineData("amqp.annotation.x-opt-offset > '1")]
    [InlineData("amqp.annotation.x-opt-offset > 1'")]
    [InlineData("amqp.annotation.x-opt-offset > \"1\"")]
    [InlineData("amqp.annotation.x-opt-offset > ' 1'")]
    [InlineData("amqp.annotation.x-opt-offset > '+1'")]
    [InlineData("amqp.annotation.x-opt-offset > '-2'")]
    [InlineData("amqp.annotation.x-opt-offset > '1.5'")]
    [InlineData("amqp.annotation.x-opt-offset > '0x10'")]
    [InlineData("amqp.annotation.x-opt-offset > '9223372036854775808'")]
    [InlineData("amqp.annotation.x-opt-offset > '@LATEST'")]
    [InlineData("amqp.annotation.x-opt-offset > '@earliest'")]
    [InlineData("amqp.annotation.x-opt-offset > '1' AND 1=1")]
    [InlineData("amqp.annotation.x-opt-offset > '1' OR amqp.annotation.x-opt-offset > '2'")]
    [InlineData("amqp.annotation.x-opt-sequence-number > '@latest'")]
    [InlineData("amqp.annotation.x-opt-sequence-number > '-2'")]
    [InlineData("amqp.annotation.x-opt-enqueued-time > '@latest'")]
    [InlineData("amqp.annotation.x-opt-enqueued-time > '2026-11-24'")]
    [InlineData("amqp.annotation.x-opt-partition-key > '1'")]
    [InlineData("AMQP.annotation.x-opt-offset > '1'")]
    public void Anything_else_is_refused_with_words(string text)
    {
        Assert.False(EventSelector.TryParse(text, out var selector, out var error));

        Assert.Equal(default, selector);
        Assert.StartsWith("A selector must", error!.Replace("The offset of a", "A", StringComparison.Ordinal).Replace("The value of a", "A", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_without_end_is_refused_at_once()
    {
        Assert.False(EventSelector.TryParse("amqp.annotation.x-opt-offset > '" + new string('0', 1_000_000) + "1'", out _, out _));
    }
}
