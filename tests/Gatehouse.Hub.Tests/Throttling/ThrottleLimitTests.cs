using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Hub.Throttling;
using Xunit;

namespace Gatehouse.Hub.Tests.Throttling;

/// <summary>Each class at its limit and one past, in every edition; what is held back, refused, logged and counted.</summary>
public sealed class ThrottleLimitTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ThrottleClass.IdentityRegistry, 100, 5_000, 60)]
    [InlineData(ThrottleClass.Bulk, 20, 1_000, 60)]
    [InlineData(ThrottleClass.Queries, 20, 1_000, 60)]
    [InlineData(ThrottleClass.DeviceConnections, 100, 6_000, 1)]
    [InlineData(ThrottleClass.DeviceToCloudSends, 100, 6_000, 1)]
    [InlineData(ThrottleClass.CloudToDeviceSends, 100, 5_000, 60)]
    [InlineData(ThrottleClass.CloudToDeviceReceives, 1_000, 50_000, 60)]
    [InlineData(ThrottleClass.DirectMethods, 40, 6_000, 1)]
    [InlineData(ThrottleClass.TwinReads, 100, 500, 1)]
    [InlineData(ThrottleClass.TwinWrites, 50, 250, 1)]
    [InlineData(ThrottleClass.Jobs, 100, 5_000, 60)]
    [InlineData(ThrottleClass.JobDeviceOperations, 10, 50, 1)]
    [InlineData(ThrottleClass.Configurations, 20, 20, 60)]
    [InlineData(ThrottleClass.FileUploads, 100, 5_000, 60)]
    public void A_period_s_worth_passes_at_once_one_more_is_refused_and_waiting_as_told_helps(ThrottleClass operations, int s1, int s3, int period)
    {
        foreach (var (tier, limit) in new[] { (ThrottleTier.F1, s1), (ThrottleTier.S1, s1), (ThrottleTier.S3, s3), (ThrottleTier.B3, s3) })
        {
            using var world = new ThrottleWorld(new ThrottleOptions { Tier = tier, Hold = TimeSpan.Zero });
            for (var i = 0; i < limit; i++)
            {
                Assert.Null(world.Ask(operations));
            }

            var refused = world.Ask(operations);
            Assert.Equal(429001, refused?.Code);
            Assert.Equal((int)Math.Ceiling((double)period / limit), refused!.RetryAfterSeconds);
            Assert.Contains($"Wait {refused.RetryAfterSeconds} seconds", refused.Message, StringComparison.Ordinal);
            world.Time.Advance(TimeSpan.FromSeconds(refused.RetryAfterSeconds!.Value));
            Assert.Null(world.Ask(operations));
        }
    }

    [Theory]
    [InlineData(ThrottleTier.S1, 8, ThrottleClass.DeviceToCloudSends, 100)]
    [InlineData(ThrottleTier.S1, 9, ThrottleClass.DeviceToCloudSends, 108)]
    [InlineData(ThrottleTier.S2, 2, ThrottleClass.DeviceConnections, 240)]
    [InlineData(ThrottleTier.S2, 10, ThrottleClass.TwinReads, 100)]
    [InlineData(ThrottleTier.S2, 11, ThrottleClass.TwinReads, 110)]
    [InlineData(ThrottleTier.B2, 11, ThrottleClass.TwinWrites, 55)]
    [InlineData(ThrottleTier.S2, 11, ThrottleClass.JobDeviceOperations, 11)]
    [InlineData(ThrottleTier.S1, 200, ThrottleClass.TwinReads, 100)]
    [InlineData(ThrottleTier.S1, 3, ThrottleClass.DirectMethods, 120)]
    [InlineData(ThrottleTier.S2, 1, ThrottleClass.DirectMethods, 120)]
    public void Units_count_as_the_edition_has_it(ThrottleTier tier, int units, ThrottleClass operations, int expected) =>
        Assert.Equal(expected, new ThrottleOptions { Tier = tier, Units = units }.LimitOf(operations)?.Operations);

    [Fact]
    public void Nothing_is_limited_by_default_and_nothing_is_kept_for_devices_then()
    {
        using var world = new ThrottleWorld(new ThrottleOptions());

        Assert.False(world.Throttles.HasLimits);
        Assert.Null(world.Throttles.Join(world.Hub, HubHost.Key("d1")));
    }

    [Fact]
    public void A_factor_scales_an_edition_and_leaves_at_least_one_and_a_limit_of_a_class_goes_before_both()
    {
        var options = new ThrottleOptions
        {
            Tier = ThrottleTier.S1,
            Scale = 0.01,
            Limits = new Dictionary<ThrottleClass, ThrottleRate?> { [ThrottleClass.TwinReads] = new ThrottleRate(7, TimeSpan.FromSeconds(1)), [ThrottleClass.TwinWrites] = null },
        };

        Assert.Equal(1, options.LimitOf(ThrottleClass.IdentityRegistry)?.Operations);
        Assert.Equal(1, options.LimitOf(ThrottleClass.Queries)?.Operations);
        Assert.Equal(7, options.LimitOf(ThrottleClass.TwinReads)?.Operations);
        Assert.Null(options.LimitOf(ThrottleClass.TwinWrites));
        Assert.Equal(ThrottleRate.MostPerSecond, new ThrottleOptions { Tier = ThrottleTier.S3, Units = 200, Scale = 1_000 }.LimitOf(ThrottleClass.DeviceToCloudSends)?.PerSecond);
    }

    [Theory]
    [InlineData("100/s", 100.0)]
    [InlineData("30/m", 0.5)]
    [InlineData("10000000/s", 10_000_000.0)]
    [InlineData("10000001/s", null)]
    [InlineData("0/s", null)]
    [InlineData("-1/s", null)]
    [InlineData("100", null)]
    [InlineData("100/h", null)]
    [InlineData("/s", null)]
    [InlineData("1e3/s", null)]
    public void A_rate_is_a_whole_number_a_second_or_minute(string text, double? perSecond)
    {
        Assert.Equal(perSecond is not null, ThrottleRate.TryParse(text, out var rate));
        Assert.Equal(perSecond, rate?.PerSecond);
    }

    [Fact]
    public async Task What_exceeds_a_limit_is_held_back_first()
    {
        using var world = new ThrottleWorld(new ThrottleOptions { Limits = ThrottleWorld.Limit(ThrottleClass.TwinReads, 2) });
        Assert.Null(world.Ask(ThrottleClass.TwinReads));
        Assert.Null(world.Ask(ThrottleClass.TwinReads));

        var held = world.Throttles.PassAsync(world.Hub, ThrottleWorld.Row(ThrottleClass.TwinReads), 1, Token).AsTask();
        Assert.False(held.IsCompleted);
        world.Time.Advance(TimeSpan.FromSeconds(0.4));
        Assert.False(held.IsCompleted);
        world.Time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Null(await held);
    }

    [Fact]
    public async Task Who_cannot_be_served_within_the_hold_is_told_at_once_and_who_gives_up_takes_nothing()
    {
        using var world = new ThrottleWorld(new ThrottleOptions { Limits = ThrottleWorld.Limit(ThrottleClass.TwinReads, 1), Hold = TimeSpan.FromSeconds(2) });
        Assert.Null(world.Ask(ThrottleClass.TwinReads));
        Assert.Null(world.Ask(ThrottleClass.Queries, 100));
        world.Throttles.Charge(world.Hub, ThrottleWorld.Row(ThrottleClass.TwinReads), 2);
        Assert.Equal(3, world.Ask(ThrottleClass.TwinReads)?.RetryAfterSeconds);
        world.Time.Advance(TimeSpan.FromSeconds(1));

        using var leaving = new CancellationTokenSource();
        var left = world.Throttles.PassAsync(world.Hub, ThrottleWorld.Row(ThrottleClass.TwinReads), 1, leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        world.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(world.Ask(ThrottleClass.TwinReads));
    }

    [Fact]
    public async Task As_many_are_held_back_as_may_be_and_one_more_is_refused_at_once()
    {
        using var world = new ThrottleWorld(new ThrottleOptions { Limits = ThrottleWorld.Limit(ThrottleClass.TwinReads, 1), MaxHeld = 2 });
        Assert.Null(world.Ask(ThrottleClass.TwinReads));
        var held = new[] { Hold(), Hold() };

        Assert.Equal(429001, world.Ask(ThrottleClass.TwinReads)?.Code);
        for (var i = 0; i < 10 && !held.All(each => each.IsCompleted); i++)
        {
            world.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.All(await Task.WhenAll(held), Assert.Null);
        Assert.Null(await world.Throttles.PassAsync(world.Hub, ThrottleWorld.Row(ThrottleClass.Queries), 1, Token));

        Task<Contracts.Errors.HubError?> Hold() => world.Throttles.PassAsync(world.Hub, ThrottleWorld.Row(ThrottleClass.TwinReads), 1, Token).AsTask();
    }

    [Fact]
    public async Task Those_of_one_hub_who_are_held_back_take_no_place_from_another_hub()
    {
        using var world = new ThrottleWorld(new ThrottleOptions { Limits = ThrottleWorld.Limit(ThrottleClass.TwinReads, 1), MaxHeld = 1 });
        Assert.Null(world.Ask(ThrottleClass.TwinReads));
        var here = Hold(world.Hub);
        Assert.Equal(429001, world.Ask(ThrottleClass.TwinReads)?.Code);

        var other = Contracts.Identities.HubName.Parse("hub2");
        Assert.Null(await Hold(other));
        var there = Hold(other);
        Assert.False(there.IsCompleted);
        world.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await here);
        Assert.Null(await there);

        Task<Contracts.Errors.HubError?> Hold(Contracts.Identities.HubName hub) => world.Throttles.PassAsync(hub, ThrottleWorld.Row(ThrottleClass.TwinReads), 1, Token).AsTask();
    }

    [Fact]
    public void What_is_charged_after_a_rest_is_owed_in_full()
    {
        using var world = new ThrottleWorld(new ThrottleOptions { Limits = ThrottleWorld.Limit(ThrottleClass.TwinReads, 1), Hold = TimeSpan.Zero });
        Assert.Null(world.Ask(ThrottleClass.TwinReads));
        world.Time.Advance(TimeSpan.FromMinutes(10));

        world.Throttles.Charge(world.Hub, ThrottleWorld.Row(ThrottleClass.TwinReads), 3);

        Assert.Equal(3, world.Ask(ThrottleClass.TwinReads)?.RetryAfterSeconds);
        world.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Null(world.Ask(ThrottleClass.TwinReads));
    }

    [Fact]
    public void No_charge_however_large_makes_a_bucket_wrap()
    {
        using var world = new ThrottleWorld(new ThrottleOptions { Limits = ThrottleWorld.Limit(ThrottleClass.TwinReads, 1.0 / 60), Hold = TimeSpan.Zero });
        for (var i = 0; i < 10; i++)
        {
            world.Throttles.Charge(world.Hub, ThrottleWorld.Row(ThrottleClass.TwinReads), int.MaxValue);
        }

        Assert.NotNull(world.Ask(ThrottleClass.TwinReads));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void What_is_held_back_is_counted_once_however_often_it_tries(int messages)
    {
        using var world = new ThrottleWorld(new ThrottleOptions { Limits = ThrottleWorld.Limit(ThrottleClass.DeviceToCloudSends, 10) });
        using var channel = world.OpenChannel("d1");
        var first = new RateClaim(10);
        Assert.True(channel.TryReserve(ref first, out _, out _));

        var claim = new RateClaim(messages);
        for (var i = 0; i < 10; i++)
        {
            Assert.False(channel.TryReserve(ref claim, out var wait, out var refusal));
            Assert.Null(refusal);
            Assert.NotEqual(TimeSpan.Zero, wait);
        }

        world.Time.Advance(TimeSpan.FromSeconds(1));
        for (var second = 0; second < 5 && !channel.TryReserve(ref claim, out _, out _); second++)
        {
            world.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True(channel.TryReserve(ref claim, out _, out _));
        Assert.Equal((1, 1, 0), (world.Count("gatehouse.throttle.held DeviceToCloudSends"), world.Count("gatehouse.telemetry.throttled"), world.Count("gatehouse.throttle.refused DeviceToCloudSends")));
    }

    [Fact]
    public void A_batch_has_no_rate_on_credit_and_gives_back_what_it_had_when_it_is_refused()
    {
        using var world = new ThrottleWorld(new ThrottleOptions { Limits = ThrottleWorld.Limit(ThrottleClass.DeviceToCloudSends, 10), Hold = TimeSpan.FromSeconds(3) });
        using var channel = world.OpenChannel("d1");
        var tooLarge = new RateClaim(50);
        Assert.False(channel.TryReserve(ref tooLarge, out _, out var refusal));
        Assert.Equal((429001, 4), (refusal?.Code, refusal?.RetryAfterSeconds));

        var batch = new RateClaim(30);
        Assert.False(channel.TryReserve(ref batch, out _, out refusal));
        Assert.Null(refusal);
        channel.GiveBack(ref batch);

        var rest = new RateClaim(10);
        Assert.True(channel.TryReserve(ref rest, out _, out _));
        world.Time.Advance(TimeSpan.FromSeconds(0.1));
        var one = new RateClaim(1);
        Assert.True(channel.TryReserve(ref one, out _, out _));
    }

    [Fact]
    public void An_operation_that_counts_for_more_than_a_bucket_passes_when_it_is_full_and_what_follows_waits_the_longer()
    {
        using var world = new ThrottleWorld(new ThrottleOptions { Tier = ThrottleTier.S1, Hold = TimeSpan.Zero });

        Assert.Null(world.Ask(ThrottleClass.DirectMethods, 80));
        Assert.Equal(2, world.Ask(ThrottleClass.DirectMethods, 40)?.RetryAfterSeconds);
        world.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(world.Ask(ThrottleClass.DirectMethods, 40));
    }

    [Fact]
    public async Task Hubs_have_their_own_limits()
    {
        using var world = new ThrottleWorld(new ThrottleOptions { Limits = ThrottleWorld.Limit(ThrottleClass.TwinReads, 1), Hold = TimeSpan.Zero });
        Assert.Null(world.Ask(ThrottleClass.TwinReads));
        Assert.NotNull(world.Ask(ThrottleClass.TwinReads));

        Assert.Null(await world.Throttles.PassAsync(Contracts.Identities.HubName.Parse("hub2"), ThrottleWorld.Row(ThrottleClass.TwinReads), 1, Token));
    }

    [Fact]
    public void The_log_has_one_line_for_each_class_and_minute_and_the_counters_have_everything()
    {
        using var world = new ThrottleWorld(new ThrottleOptions { Tier = ThrottleTier.S1, Hold = TimeSpan.Zero });
        for (var i = 0; i < 25; i++)
        {
            world.Ask(ThrottleClass.Queries);
            world.Ask(ThrottleClass.Bulk);
        }

        Assert.Equal(
            ["2080 Hub hub1 has reached its limit of Queries: 0 operations were held back and 1 refused since the last such line.", "2080 Hub hub1 has reached its limit of Bulk: 0 operations were held back and 1 refused since the last such line."],
            world.Lines);
        Assert.Equal(5, world.Count("gatehouse.throttle.refused Queries"));
        world.Time.Advance(TimeSpan.FromSeconds(60));
        for (var i = 0; i < 25; i++)
        {
            world.Ask(ThrottleClass.Queries);
        }

        Assert.EndsWith("limit of Queries: 0 operations were held back and 5 refused since the last such line.", world.Lines[^1], StringComparison.Ordinal);
        Assert.Equal(3, world.Lines.Count);
        Assert.Equal(10, world.Count("gatehouse.throttle.refused Queries"));
    }

    [Fact]
    public async Task Waiting_work_of_the_server_goes_at_the_rate_of_its_class()
    {
        using var world = new ThrottleWorld(new ThrottleOptions { Tier = ThrottleTier.S1 });
        for (var i = 0; i < 10; i++)
        {
            Assert.True(world.Throttles.WaitAsync(world.Hub, ThrottleClass.JobDeviceOperations, 1, Token).AsTask().IsCompleted);
        }

        var eleventh = world.Throttles.WaitAsync(world.Hub, ThrottleClass.JobDeviceOperations, 1, Token).AsTask();
        Assert.False(eleventh.IsCompleted);
        world.Time.Advance(TimeSpan.FromSeconds(0.1));
        await eleventh;
    }

    [Fact]
    public void A_limit_of_a_device_alone_is_kept_though_the_hub_has_none()
    {
        using var world = new ThrottleWorld(new ThrottleOptions(), new TelemetryOptions { DeviceMessagesPerSecond = 3 });
        using var device = world.Join("d1");

        Assert.True(device.Telemetry!.TryTake(3, world.Throttles.Clock.Now, 0, out _));
        Assert.False(device.Telemetry.TryTake(1, world.Throttles.Clock.Now, 0, out _));
    }
}
