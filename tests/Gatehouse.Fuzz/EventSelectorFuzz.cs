using System.Text;
using Gatehouse.Wire.EventHubs;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>The filter of an Event Hubs receiver: a selector or words for every input, and what is read is what was written.</summary>
public sealed class EventSelectorFuzz
{
    [Fact]
    public void Selectors_are_read_or_refused()
    {
        FuzzRun.Run(
            [
                "amqp.annotation.x-opt-offset > '-1'"u8.ToArray(),
                "amqp.annotation.x-opt-sequence-number >= '5'"u8.ToArray(),
                "amqp.annotation.x-opt-enqueuedtimeutc > 1700000000000"u8.ToArray(),
            ],
            input =>
            {
                if (EventSelector.TryParse(Encoding.UTF8.GetString(input), out var selector, out var error))
                {
                    Assert.Null(error);
                    Assert.True(selector.IsLatest || selector.Field == EventSelectorField.EnqueuedTime || selector.Value >= -1);
                }
                else
                {
                    Assert.NotEmpty(error);
                }
            },
            new FuzzOptions { Words = ["amqp.annotation."u8.ToArray(), "x-opt-offset"u8.ToArray(), "@latest"u8.ToArray(), ">="u8.ToArray(), "'"u8.ToArray()] });
    }
}
