using Gatehouse.Streams.Log;
using Xunit;

namespace Gatehouse.Streams.Suite;

/// <summary>The newest blocks of a partition in memory.</summary>
public sealed class NewestBlocksTests
{
    private const int BlockBytes = 100;

    [Fact]
    public void Nothing_is_kept_while_nobody_follows()
    {
        var newest = new NewestBlocks(1_000);

        Add(newest, 0);

        Assert.Null(newest.Find(0));
    }

    [Fact]
    public void A_followed_partition_keeps_as_many_blocks_as_fit_and_not_one_more()
    {
        var newest = new NewestBlocks(3 * BlockBytes);
        newest.Follow();

        for (var first = 0; first < 40; first += 10)
        {
            Add(newest, first);
        }

        Assert.Null(newest.Find(9));
        Assert.Equal(10, newest.Find(10)![0]);
        Assert.Equal(30, newest.Find(39)![0]);
        Assert.Null(newest.Find(40));
    }

    [Fact]
    public void Sixty_four_blocks_that_nobody_read_end_the_following()
    {
        var newest = new NewestBlocks(1_000_000);
        newest.Follow();
        for (var first = 0; first < 630; first += 10)
        {
            Add(newest, first);
        }

        Assert.NotNull(newest.Find(629));
        for (var first = 630; first < 1_270; first += 10)
        {
            Add(newest, first);
        }

        Assert.Null(newest.Find(629));
        Assert.Null(newest.Find(1_269));
    }

    [Fact]
    public void A_block_larger_than_the_limit_is_not_kept_and_empties_what_was()
    {
        var newest = new NewestBlocks(BlockBytes);
        newest.Follow();
        Add(newest, 0);

        newest.Add(new BlockHeader(10, 0, 0, 0, 10, 0), new byte[BlockBytes + 1]);

        Assert.Null(newest.Find(0));
        Assert.Null(newest.Find(10));
    }

    private static void Add(NewestBlocks newest, int first)
    {
        var block = new byte[BlockBytes];
        block[0] = (byte)first;
        newest.Add(new BlockHeader(first, 0, 0, 0, 10, 0), block);
    }
}
