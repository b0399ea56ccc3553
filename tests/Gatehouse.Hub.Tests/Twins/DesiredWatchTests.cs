using System.Text;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Twins;
using Xunit;

namespace Gatehouse.Hub.Tests.Twins;

/// <summary>What a device hears of its desired properties: every version, once, in order, whatever happens to the signals.</summary>
public sealed class DesiredWatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<string> heard = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_patch_is_told_with_its_nulls_and_a_replacement_as_a_whole_and_nothing_after_the_end()
    {
        await using var twins = await StartAsync();
        await twins.PatchAsync("d1", """{"properties":{"desired":{"a":1}}}""");
        using (Watch(twins))
        {
            await twins.PatchAsync("d1", """{"properties":{"desired":{"a":null,"b":{"c":1}}}}""");
            await twins.PatchAsync("d1", """{"tags":{"t":1}}""");
            await twins.PatchAsync("d2", """{"properties":{"desired":{"other":1}}}""");
            await twins.ReplaceAsync("d1", """{"properties":{"desired":{"z":null,"d":1}}}""");
            await twins.PatchAsync("d1", """{"properties":{"desired":{}}}""");
        }

        await twins.PatchAsync("d1", """{"properties":{"desired":{"late":1}}}""");
        Assert.Equal(["""3 {"a":null,"b":{"c":1},"$version":3}""", """4 {"d":1,"$version":4}""", """5 {"$version":5}"""], heard);
    }

    [Fact]
    public async Task A_module_hears_its_own_changes_and_never_its_devices()
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1/m1");
        using var watch = Watch(twins, "d1/m1");

        await twins.PatchAsync("d1", """{"properties":{"desired":{"a":1}}}""");
        await twins.PatchAsync("d1/m1", """{"properties":{"desired":{"m":1}}}""");

        Assert.Equal(["""2 {"m":1,"$version":2}"""], heard);
    }

    [Fact]
    public async Task Signals_that_cross_on_their_way_are_told_in_order()
    {
        await using var twins = await StartAsync();
        using var watch = Watch(twins);

        foreach (var version in new[] { 2, 4, 5, 3, 4, 6 })
        {
            await SignalAsync(twins, version);
        }

        Assert.Equal([2, 3, 4, 5, 6], Versions());
    }

    [Fact]
    public async Task A_lost_signal_is_made_good_by_the_whole_section()
    {
        await using var twins = await StartAsync();
        for (var i = 2; i <= 5; i++)
        {
            await twins.PatchAsync("d1", $"{{\"properties\":{{\"desired\":{{\"n\":{i}}}}}}}");
        }

        using var watch = Watch(twins);
        await SignalAsync(twins, 2);
        await SignalAsync(twins, 5);
        await HearAsync(twins, 2);

        Assert.Equal("""5 {"n":5,"$version":5}""", heard[^1]);
        await SignalAsync(twins, 6);
        Assert.Equal([2, 5, 6], Versions());
    }

    [Fact]
    public async Task A_change_signalled_after_a_later_one_at_the_very_beginning_is_made_good_too()
    {
        await using var twins = await StartAsync();
        await twins.PatchAsync("d1", """{"properties":{"desired":{"a":1}}}""");
        await twins.PatchAsync("d1", """{"properties":{"desired":{"b":1}}}""");

        using var watch = Watch(twins);
        await SignalAsync(twins, 3);
        await SignalAsync(twins, 2);
        await HearAsync(twins, 2);

        Assert.Equal("""3 {"a":1,"b":1,"$version":3}""", heard[^1]);
    }

    [Fact]
    public async Task After_signals_may_have_been_lost_all_watchers_read_again()
    {
        await using var twins = await StartAsync();
        await twins.PatchAsync("d1", """{"properties":{"desired":{"a":1}}}""");
        using var watch = Watch(twins);

        await twins.Host.Get<ISignals>().PublishAsync(new Signal(SignalSubjects.DesiredChanged, twins.Host.Hub.Value, ""), Token);
        await HearAsync(twins, 1);
        await twins.Host.Get<ISignals>().PublishAsync(new Signal(SignalSubjects.DesiredChanged, twins.Host.Hub.Value, ""), Token);
        await SignalAsync(twins, 3);

        Assert.Equal("""2 {"a":1,"$version":2}""", heard[0]);
        Assert.Equal([2, 3], Versions());
    }

    private static async Task<TwinHost> StartAsync()
    {
        var host = await HubHost.StartAsync();
        await host.PutAsync("d1");
        await host.PutAsync("d2");
        return new TwinHost(host);
    }

    private IDisposable Watch(TwinHost twins, string key = "d1") => twins.Twins.WatchDesired(
        twins.Host.Hub,
        HubHost.Key(key),
        change =>
        {
            lock (heard)
            {
                heard.Add($"{change.Version} {Encoding.UTF8.GetString(change.Json.Span)}");
            }
        });

    private static ValueTask SignalAsync(TwinHost twins, long version) => twins.Host.Get<ISignals>().PublishAsync(
        new Signal(SignalSubjects.DesiredChanged, twins.Host.Hub.Value, "d1") { Payload = DesiredSignal.Encode(version, "{}"u8) }, Token);

    private async Task HearAsync(TwinHost twins, int count)
    {
        var end = TimeProvider.System.GetTimestamp();
        while (Versions().Count < count)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(end) < Patience, $"heard {Versions().Count} of {count}");
            twins.Host.Time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Delay(10, Token);
        }
    }

    private List<long> Versions()
    {
        lock (heard)
        {
            return [.. heard.Select(line => long.Parse(line.AsSpan(0, line.IndexOf(' ', StringComparison.Ordinal)), System.Globalization.CultureInfo.InvariantCulture))];
        }
    }
}
