using Gatehouse.Hub.Routing;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>Deliveries share one bound of memory, in turn.</summary>
public sealed class DeliveryMemoryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_of_it_is_given_and_one_byte_more_waits_until_some_is_returned()
    {
        var memory = new DeliveryMemory(100);
        using var first = await memory.TakeAsync(60, Token);
        var second = await memory.TakeAsync(40, Token);
        var third = memory.TakeAsync(1, Token).AsTask();
        Assert.False(third.IsCompleted);

        second.Dispose();
        second.Dispose();

        using var got = await third.WaitAsync(TimeSpan.FromSeconds(10), Token);
        using var rest = await memory.TakeAsync(39, Token);
        Assert.False(memory.TakeAsync(1, Token).AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_small_one_does_not_overtake_a_large_one_that_waits_and_one_that_leaves_holds_up_nobody()
    {
        var memory = new DeliveryMemory(100);
        using var first = await memory.TakeAsync(60, Token);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var large = memory.TakeAsync(50, leaving.Token).AsTask();
        var small = memory.TakeAsync(10, Token).AsTask();
        Assert.False(small.IsCompleted);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        using var got = await small.WaitAsync(TimeSpan.FromSeconds(10), Token);
    }

    [Fact]
    public async Task More_than_there_is_goes_when_nothing_else_does()
    {
        var memory = new DeliveryMemory(100);
        using (await memory.TakeAsync(1000, Token))
        {
            Assert.False(memory.TakeAsync(1, Token).AsTask().IsCompleted);
        }
    }
}
