using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Events;
using Xunit;

namespace Gatehouse.Hub.Tests.Events;

public sealed class OpenReadersTests
{
    private static readonly HubName Hub = HubName.Parse("hub");

    private readonly OpenReaders open = new(maxWithoutLevel: 5);
    private readonly List<(string Reader, ReaderFault Fault)> ended = [];

    [Fact]
    public void A_reader_with_a_level_ends_all_readers_without_one()
    {
        Enter("a", null);
        Enter("b", null);

        Enter("c", 0);

        Assert.Equal(["a", "b"], ended.Select(each => each.Reader));
        Assert.All(ended, each => Assert.Equal(ReaderFaultKind.Stolen, each.Fault.Kind));
    }

    [Fact]
    public void A_higher_level_takes_over_and_a_lower_one_is_refused()
    {
        Enter("low", 1);
        Enter("high", 7);

        Assert.Equal(["low"], ended.Select(each => each.Reader));
        Assert.Equal(ReaderFaultKind.Stolen, Refused(6).Kind);
        Assert.Equal(ReaderFaultKind.Stolen, Refused(null).Kind);
        Assert.Single(ended);
    }

    [Fact]
    public void Of_equal_levels_the_newest_stays()
    {
        Enter("first", 3);
        Enter("second", 3);

        Assert.Equal(["first"], ended.Select(each => each.Reader));
    }

    [Fact]
    public void A_level_that_left_gives_the_partition_free()
    {
        var owner = Enter("owner", long.MaxValue);

        owner.Dispose();

        Enter("other", null);
        Enter("lower", 0);
        Assert.Equal(["other"], ended.Select(each => each.Reader));
    }

    [Fact]
    public void Five_readers_without_a_level_share_a_partition_and_a_sixth_is_refused()
    {
        var readers = Enumerable.Range(0, 5).Select(each => Enter($"{each}", null)).ToList();

        Assert.Equal(ReaderFaultKind.TooMany, Refused(null).Kind);
        readers[2].Dispose();
        readers[2].Dispose();
        Enter("sixth", null);
        Assert.Equal(ReaderFaultKind.TooMany, Refused(null).Kind);
    }

    [Fact]
    public void Partitions_groups_and_hubs_do_not_count_against_each_other()
    {
        Enter("a", 5);

        Assert.NotNull(open.Enter(new ReaderPlace(Hub, "$Default", 1), 0).Reader);
        Assert.NotNull(open.Enter(new ReaderPlace(Hub, "other", 0), null).Reader);
        Assert.NotNull(open.Enter(new ReaderPlace(HubName.Parse("second"), "$Default", 0), null).Reader);
        Assert.Empty(ended);
    }

    [Fact]
    public void Group_names_count_without_regard_to_case()
    {
        Enter("a", 5);

        Assert.Equal(ReaderFaultKind.Stolen, open.Enter(new ReaderPlace(Hub, "$DEFAULT", 0), 4).Fault!.Kind);
    }

    [Fact]
    public void A_group_that_ends_takes_only_its_readers_along()
    {
        Enter("a", null);
        Enter("b", null, "Other");

        open.End(Hub, "oTHER", new ReaderFault(ReaderFaultKind.GroupNotFound, "gone"));

        Assert.Equal(["b"], ended.Select(each => each.Reader));
        Assert.Equal(["$default"], open.GroupsOf(Hub));
    }

    [Fact]
    public void A_reader_that_was_ended_before_it_asked_is_told_at_once_and_only_once()
    {
        var (first, _) = open.Enter(new ReaderPlace(Hub, "$Default", 0), 1);
        Enter("second", 2);

        var told = 0;
        first!.WhenEnded(_ => told++);
        first.End(new ReaderFault(ReaderFaultKind.GroupNotFound, "again"));

        Assert.Equal(1, told);
        Assert.Equal(ReaderFaultKind.Stolen, first.Fault!.Kind);
    }

    [Fact]
    public void A_reader_that_was_disposed_is_not_told()
    {
        Enter("a", 1).Dispose();

        Enter("b", 2);

        Assert.Empty(ended);
    }

    [Fact]
    public void Readers_that_come_and_go_on_many_threads_leave_nothing_behind()
    {
        Parallel.For(0, 2_000, each =>
        {
            var (reader, _) = open.Enter(new ReaderPlace(Hub, "$Default", each % 3), each % 4 == 0 ? null : each);
            reader?.WhenEnded(_ => { });
            reader?.Dispose();
        });

        Assert.Empty(open.GroupsOf(Hub));
    }

    private OpenReader Enter(string name, long? level, string group = "$Default")
    {
        var (reader, fault) = open.Enter(new ReaderPlace(Hub, group, 0), level);
        Assert.True(reader is not null, fault?.Message);
        reader.WhenEnded(why => ended.Add((name, why)));
        return reader;
    }

    private ReaderFault Refused(long? level)
    {
        var (reader, fault) = open.Enter(new ReaderPlace(Hub, "$Default", 0), level);
        Assert.Null(reader);
        return fault!;
    }
}
