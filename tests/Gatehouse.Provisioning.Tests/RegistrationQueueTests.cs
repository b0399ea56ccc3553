using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Registrations;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>The line of registrations: so many at work, so many that wait, one of each device; nobody who left keeps a place.</summary>
public sealed class RegistrationQueueTests : IDisposable
{
    private static readonly HubName Service = HubName.Parse("dps");

    private readonly RegistrationQueue queue = new(new ProvisioningOptions { MaxConcurrentRegistrations = 2, MaxWaitingRegistrations = 1 });
    private readonly TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int began;

    public void Dispose() => queue.Dispose();

    [Fact]
    public async Task It_takes_as_many_as_may_be_inside_and_not_one_more()
    {
        var inside = new[] { RunAsync("a"), RunAsync("b"), RunAsync("c") };
        Assert.Equal(2, began);
        Assert.Equal(ProvisioningErrors.TooManyRequests, (await RunAsync("d")).Error);

        gate.SetResult();

        Assert.Equal([false, false, true], (await Task.WhenAll(inside)).Select(result => result.Value));
        Assert.False((await RunAsync("d")).Value);
        Assert.Equal(4, began);
    }

    [Fact]
    public async Task A_device_works_once_and_waits_once_and_others_pass_it_by()
    {
        var first = RunAsync("a");
        var second = RunAsync("a");
        Assert.Equal(ProvisioningErrors.TooManyRequests, (await RunAsync("a")).Error);
        var other = RunAsync("b");
        Assert.Equal(2, began);

        gate.SetResult();

        Assert.Equal([false, true, false], (await Task.WhenAll(first, second, other)).Select(result => result.Value));
    }

    [Fact]
    public async Task Who_gives_up_leaves_its_place_and_who_fails_too()
    {
        using var leaving = new CancellationTokenSource();
        var inside = new[] { RunAsync("a"), RunAsync("b") };
        var waiting = LeaveAsync("c", leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        var next = RunAsync("c");

        gate.SetResult();

        await Task.WhenAll([.. inside, next]);
        await Assert.ThrowsAsync<InvalidOperationException>(() => queue.RunAsync<bool>(Service, "a", _ => throw new InvalidOperationException("test"), TestContext.Current.CancellationToken));
        Assert.True((await RunAsync("a")).IsOk);
        Assert.True((await Task.WhenAll(RunAsync("a"), RunAsync("b"), RunAsync("c"))).All(result => result.IsOk));
    }

    [Fact]
    public async Task Two_registrations_that_want_the_same_device_come_one_after_the_other_and_never_wait_for_each_other()
    {
        var turns = new DeviceTurns();
        var first = turns.RunAsync(Service, ["d1", "d2"], WorkAsync);
        var second = turns.RunAsync(Service, ["D2", "d1", ""], WorkAsync);
        var other = turns.RunAsync(HubName.Parse("other"), ["d1"], WorkAsync);
        var fresh = Enumerable.Range(0, 2000).Select(index => turns.RunAsync(Service, [$"fresh-{index}", ""], WorkAsync)).ToList();
        Assert.False(second.IsCompleted);
        Assert.Equal((2002, 2003), (began, turns.Count)); // all but the second: nobody shares the turn of another device

        gate.SetResult();

        await Task.WhenAll([first, second, other, .. fresh]).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal((2003, 0), (began, turns.Count));
    }

    private Task<Result<bool>> RunAsync(string id) => LeaveAsync(id, TestContext.Current.CancellationToken);

    private Task<Result<bool>> LeaveAsync(string id, CancellationToken cancellationToken) => queue.RunAsync<bool>(
        Service,
        id,
        async hasWaited =>
        {
            await WorkAsync();
            return hasWaited;
        },
        cancellationToken);

    private async Task<bool> WorkAsync()
    {
        Interlocked.Increment(ref began);
        await gate.Task;
        return true;
    }
}
