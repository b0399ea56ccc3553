using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Throttling;
using Xunit;

namespace Gatehouse.Hub.Tests.Throttling;

/// <summary>A device gets what the others leave, and nothing that they need.</summary>
public sealed class FairnessTests
{
    private const ThrottleClass Sends = ThrottleClass.DeviceToCloudSends;

    [Fact]
    public void A_device_that_is_alone_has_the_whole_limit()
    {
        using var world = World(100);
        using var alone = world.Join("d1");

        Assert.Equal(100, Enumerable.Range(0, 200).Count(_ => world.Ask(alone, Sends) is null));
    }

    [Fact]
    public void Modest_devices_do_not_feel_a_greedy_one_and_nothing_is_left_unused()
    {
        var (greedy, modest, late) = Run(isFair: true);

        Assert.Equal(0, late);
        Assert.Equal(80 * 20, modest);
        Assert.InRange(greedy, 20 * 19, (20 * 20) + 100); // The rest of 100 a second, and the first bucket.
    }

    [Fact]
    public void Without_fairness_they_do()
    {
        var (_, _, late) = Run(isFair: false);

        Assert.True(late > 100, $"{late} were late");
    }

    [Fact]
    public void Many_greedy_devices_get_the_same()
    {
        using var world = World(100);
        var devices = Enumerable.Range(0, 10).Select(i => world.Join($"d{i}")).ToArray();
        var taken = new int[devices.Length];
        for (var step = 0; step < 30_000; step++)
        {
            world.Time.Advance(TimeSpan.FromMilliseconds(1));

            // The first asks most, and first.
            for (var i = 0; i < devices.Length; i++)
            {
                for (var n = i == 0 ? 5 : 1; n > 0; n--)
                {
                    taken[i] += world.Ask(devices[i], Sends) is null ? 1 : 0;
                }
            }
        }

        Assert.InRange(taken.Sum(), 3_000, 3_101);
        Assert.All(taken, each => Assert.InRange(each, 240, 420));
    }

    [Fact]
    public void More_links_or_connecting_again_give_a_device_no_more()
    {
        using var world = World(100);
        using var modest = world.Join("d0");
        Assert.Null(world.Ask(modest, Sends));
        var taken = 0;
        for (var step = 0; step < 2_000; step++)
        {
            world.Time.Advance(TimeSpan.FromMilliseconds(1));
            using var first = world.Join("greedy");
            using var second = world.Join("greedy");
            Assert.Same(first, second);
            taken += world.Ask(first, Sends) is null ? 1 : 0;
            taken += world.Ask(second, Sends) is null ? 1 : 0;
        }

        Assert.InRange(taken, 1, 301);
        Assert.Null(world.Ask(modest, Sends)); // The reserve is still there.
    }

    [Fact]
    public void Waiting_as_told_helps_a_greedy_device_too()
    {
        using var world = World(10);
        var modest = Enumerable.Range(0, 9).Select(i => world.Join($"d{i}")).ToArray();
        using var greedy = world.Join("greedy");
        Assert.All(modest, each => Assert.Null(world.Ask(each, Sends)));
        world.Time.Advance(TimeSpan.FromSeconds(1));
        for (var round = 0; round < 20; round++)
        {
            while (world.Ask(greedy, Sends) is null)
            {
            }

            var told = world.Ask(greedy, Sends)!.RetryAfterSeconds!.Value;
            for (var step = 0; step < told * 10; step++)
            {
                Assert.True(step % 10 == 9 || world.Ask(modest[step % 10], Sends) is null);
                world.Time.Advance(TimeSpan.FromSeconds(0.1));
            }

            Assert.Null(world.Ask(greedy, Sends));
        }
    }

    [Fact]
    public void Back_ends_and_devices_have_half_each_when_both_want_all()
    {
        using var world = World(100, ThrottleClass.TwinReads);
        var devices = Enumerable.Range(0, 20).Select(i => world.Join($"d{i}")).ToArray();
        var (backEnd, device) = (0, 0);
        for (var step = 0; step < 20_000; step++)
        {
            world.Time.Advance(TimeSpan.FromMilliseconds(1));
            device += devices.Count(each => world.Ask(each, ThrottleClass.TwinReads) is null);
            backEnd += world.Ask(ThrottleClass.TwinReads) is null ? 1 : 0;
        }

        Assert.InRange(backEnd, 900, 1_150);
        Assert.InRange(device, 850, 1_150);
    }

    [Fact]
    public void Shares_of_devices_that_left_are_forgotten()
    {
        using var world = World(100);
        for (var i = 0; i < 10_000; i++)
        {
            world.Join($"d{i}").Dispose();
            world.Time.Advance(TimeSpan.FromMilliseconds(100));
        }

        // What came in two minutes, and little more.
        Assert.InRange(world.Throttles.SharesCount, 1, 1_202);
        using var held = world.Join("held");
        world.Time.Advance(TimeSpan.FromMinutes(10));
        for (var i = 0; i < 2_000; i++)
        {
            world.Join("other").Dispose();
        }

        using var again = world.Join("held");
        Assert.Same(held, again);
        Assert.InRange(world.Throttles.SharesCount, 1, 3);
    }

    [Fact]
    public void Asking_allocates_nothing()
    {
        using var world = World(1_000_000);
        using var device = world.Join("d1");
        using var other = world.Join("d2");
        Assert.Null(world.Ask(other, Sends));
        var row = ThrottleWorld.Row(Sends);
        var pass = 0;
        for (var i = 0; i < 1_000; i++)
        {
            pass += world.Passes(device, row) ? 1 : 0;
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            pass += world.Passes(device, row) ? 1 : 0;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(11_000, pass);
    }

    // 80 devices send one message a second each; one sends whatever it can. 100 a second are allowed.
    private static (int Greedy, int Modest, int Late) Run(bool isFair)
    {
        using var world = World(100, isFair: isFair);
        using var greedy = world.Join("greedy");
        var modest = Enumerable.Range(0, 80).Select(i => world.Join($"d{i}")).ToArray();
        var (taken, sent, late) = (0, 0, 0);
        for (var step = 0; step < 20 * 160; step++)
        {
            for (var i = 0; i < 3; i++)
            {
                taken += world.Ask(greedy, Sends) is null ? 1 : 0;
            }

            if (step % 2 == 0)
            {
                var device = modest[step / 2 % modest.Length];
                if (world.Ask(device, Sends) is null)
                {
                    sent++;
                }
                else
                {
                    late++;
                }
            }

            world.Time.Advance(TimeSpan.FromSeconds(1.0 / 160));
        }

        return (taken, sent, late);
    }

    private static ThrottleWorld World(double perSecond, ThrottleClass operations = Sends, bool isFair = true) =>
        new(new ThrottleOptions { Limits = ThrottleWorld.Limit(operations, perSecond), Hold = TimeSpan.Zero, IsFair = isFair });
}
