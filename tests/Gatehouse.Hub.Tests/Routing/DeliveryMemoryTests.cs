using Gatehouse.Hub.Routing;
using Microsoft.Extensions.Time.Testing;
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
        using var first = await memory.TakeAsync(Endpoint(), 60, Token);
        var second = await memory.TakeAsync(Endpoint(), 40, Token);
        var third = memory.TakeAsync(Endpoint(), 1, Token).AsTask();
        Assert.False(third.IsCompleted);

        second.Dispose();
        second.Dispose();

        using var got = await third.WaitAsync(TimeSpan.FromSeconds(60), Token);
        using var rest = await memory.TakeAsync(Endpoint(), 39, Token);
        Assert.False(memory.TakeAsync(Endpoint(), 1, Token).AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_small_one_does_not_overtake_a_large_one_that_waits_and_one_that_leaves_holds_up_nobody()
    {
        var memory = new DeliveryMemory(100);
        using var first = await memory.TakeAsync(Endpoint(), 60, Token);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var large = memory.TakeAsync(Endpoint(), 50, leaving.Token).AsTask();
        var small = memory.TakeAsync(Endpoint(), 10, Token).AsTask();
        Assert.False(small.IsCompleted);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        using var got = await small.WaitAsync(TimeSpan.FromSeconds(60), Token);
    }

    [Fact]
    public async Task More_than_there_is_goes_when_nothing_else_does()
    {
        var memory = new DeliveryMemory(100);
        using (await memory.TakeAsync(Endpoint(), 1000, Token))
        {
            Assert.False(memory.TakeAsync(Endpoint(), 1, Token).AsTask().IsCompleted);
        }
    }

    [Fact]
    public async Task An_endpoint_has_half_of_it_at_most_and_holds_up_nobody_else()
    {
        var memory = new DeliveryMemory(100);
        var (hanging, good) = (Endpoint(), Endpoint());
        var held = await memory.TakeAsync(hanging, 50, Token);
        var more = memory.TakeAsync(hanging, 1, Token).AsTask();
        var behind = memory.TakeAsync(hanging, 0, Token).AsTask();

        using var got = await memory.TakeAsync(good, 50, Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.False(more.IsCompleted);
        Assert.False(behind.IsCompleted);

        held.Dispose();
        using var next = await more.WaitAsync(TimeSpan.FromSeconds(60), Token);
        using var last = await behind.WaitAsync(TimeSpan.FromSeconds(60), Token);
    }

    [Fact]
    public async Task Endpoints_that_fail_have_half_of_it_together()
    {
        var memory = new DeliveryMemory(100);
        var failing = Enumerable.Range(0, 3).Select(_ => Endpoint(isFailing: true)).ToList();
        var first = await memory.TakeAsync(failing[0], 30, Token);
        using var second = await memory.TakeAsync(failing[1], 20, Token);
        var third = memory.TakeAsync(failing[2], 1, Token).AsTask();

        using var got = await memory.TakeAsync(Endpoint(), 50, Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.False(third.IsCompleted);

        first.Dispose();
        using var next = await third.WaitAsync(TimeSpan.FromSeconds(60), Token);
    }

    private static EndpointState Endpoint(bool isFailing = false)
    {
        var state = new EndpointState(new FakeTimeProvider());
        if (isFailing)
        {
            state.Failed("away");
        }

        return state;
    }
}
