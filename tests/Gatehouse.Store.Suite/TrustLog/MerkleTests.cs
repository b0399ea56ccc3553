using Gatehouse.Contracts.Transparency;
using Xunit;

namespace Gatehouse.Store.Suite.TrustLog;

/// <summary>Roots, tiles and proofs against the words of RFC 6962 and the vectors of its reference implementation.</summary>
public sealed class MerkleTests
{
    private static readonly string[] Vectors = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] Roots =
    [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    [Fact]
    public async Task Roots_and_paths_are_those_of_the_reference_implementation()
    {
        var log = new Tiles();
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Convert.ToHexStringLower(log.Builder.Root));
        for (var i = 0; i < Vectors.Length; i++)
        {
            log.Add(Convert.FromHexString(Vectors[i]));
            Assert.Equal(Roots[i], Convert.ToHexStringLower(log.Builder.Root));
        }

        string[] path = ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"];
        Assert.Equal(path, (await log.Tree(8).InclusionAsync(0)).Select(Convert.ToHexStringLower));
    }

    [Fact]
    public async Task Every_proof_of_small_trees_is_that_of_the_words_of_the_standard_and_verifies()
    {
        var log = new Tiles();
        for (var size = 1; size <= 40; size++)
        {
            log.Add([(byte)size, 7]);
            var (entries, root, tree) = (log.Entries.ToArray(), log.Builder.Root, log.Tree(size));
            Assert.Equal(NaiveTree.Root(entries), root);
            for (var i = 0; i < size; i++)
            {
                var path = await tree.InclusionAsync(i);
                Assert.Equal(NaiveTree.Path(i, entries), path);
                Assert.True(MerkleProof.IsIncluded(MerkleHash.OfEntry(entries[i]), i, size, path, root));
                Assert.False(MerkleProof.IsIncluded(MerkleHash.OfEntry([9]), i, size, path, root));
                Assert.False(MerkleProof.IsIncluded(MerkleHash.OfEntry(entries[i]), i, size, [.. path, root], root));
                Assert.False(MerkleProof.IsIncluded(MerkleHash.OfEntry(entries[i]), i + 1, size, path, root) && size > 1);
            }

            for (var first = 0; first <= size; first++)
            {
                var proof = await tree.ConsistencyAsync(first);
                Assert.Equal(NaiveTree.Proof(first, entries), proof);
                var before = NaiveTree.Root(entries.AsSpan(0, first));
                Assert.True(MerkleProof.IsConsistent(first, size, proof, before, root));
                Assert.False(MerkleProof.IsConsistent(first, size, proof, MerkleHash.OfEntry([9]), root));
                Assert.False(first > 0 && MerkleProof.IsConsistent(first, size, proof, before, MerkleHash.OfEntry([9])));
                Assert.False(first > 0 && first < size && MerkleProof.IsConsistent(first, size, [.. proof, root], before, root));
            }
        }
    }

    [Theory]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(65_535)]
    [InlineData(65_537)]
    [InlineData(70_000)]
    public async Task Large_trees_prove_out_of_their_tiles(int size)
    {
        var log = new Tiles();
        for (var i = 0; i < size; i++)
        {
            log.Add(BitConverter.GetBytes(i));
        }

        var (entries, root, tree) = (log.Entries.ToArray(), log.Builder.Root, log.Tree(size));
        Assert.Equal(NaiveTree.Root(entries), root);
        Assert.Equal(root, await tree.RootAsync(size));
        var random = new Random(size);
        foreach (var index in Enumerable.Range(0, 3).Select(_ => random.Next(size)).Concat([0, size - 1]))
        {
            Assert.True(MerkleProof.IsIncluded(MerkleHash.OfEntry(entries[index]), index, size, await tree.InclusionAsync(index), root));
            Assert.True(MerkleProof.IsConsistent(index, size, await tree.ConsistencyAsync(index), NaiveTree.Root(entries.AsSpan(0, index)), root));
        }
    }

    [Fact]
    public void A_tree_of_seventy_thousand_has_the_tiles_that_the_standard_says()
    {
        var log = new Tiles();
        for (var i = 0; i < 70_000; i++)
        {
            log.Add([1]);
        }

        Assert.Equal(274, log.Known.Keys.Count(tile => tile.Level == 0));
        Assert.Equal(112 * 32, log.Known[(0, 273)].Length);
        Assert.Equal((256 * 32, 17 * 32), (log.Known[(1, 0)].Length, log.Known[(1, 1)].Length));
        Assert.Equal(32, log.Known[(2, 0)].Length);
        Assert.DoesNotContain(log.Known.Keys, tile => tile.Level > 2);
    }

    [Fact]
    public void A_tree_goes_on_from_the_last_tiles_of_its_levels()
    {
        var (whole, size) = (new Tiles(), 0);
        foreach (var step in new[] { 3, 252, 1, 1, 300, 65_000 })
        {
            for (var i = 0; i < step; i++)
            {
                whole.Add(BitConverter.GetBytes(size++));
            }

            var edge = Enumerable.Range(0, 4).Select(level => (ReadOnlyMemory<byte>)(whole.Known.GetValueOrDefault((level, TileBuilder.EdgeOf(size, level).Index)) ?? [])).ToList();
            var resumed = new TileBuilder(size, edge);
            Assert.Equal(whole.Builder.Root, resumed.Root);
            Assert.Throws<FormatException>(() => new TileBuilder(size + 1, edge));
        }
    }

    [Theory]
    [InlineData("0/000", 0, 0, 256)]
    [InlineData("0/x001/x234/067", 0, 1_234_067, 256)]
    [InlineData("1/x001/000.p/17", 1, 1_000, 17)]
    [InlineData("entries/273.p/112", -1, 273, 112)]
    public void Paths_are_those_of_the_standard(string path, int level, long index, int width)
    {
        var parts = path.Split('/');

        Assert.True(TilePath.TryParse(parts[0], parts[1..], out var parsed));

        Assert.Equal(new TilePath(level, index, width), parsed);
        Assert.Equal("tile/" + path, parsed.ToString());
    }

    [Theory]
    [InlineData("0/0")]
    [InlineData("00/000")]
    [InlineData("8/000")]
    [InlineData("-1/000")]
    [InlineData("0/x000/001")]
    [InlineData("0/001/000")]
    [InlineData("0/x001")]
    [InlineData("0/000.p/0")]
    [InlineData("0/000.p/256")]
    [InlineData("0/000.p/01")]
    [InlineData("0/000.p/-1")]
    [InlineData("0/+01")]
    [InlineData("data/000")]
    [InlineData("0/x001/x001/x001/x001/x001/001")]
    public void Other_paths_are_none(string path) => Assert.False(TilePath.TryParse(path.Split('/')[0], path.Split('/')[1..], out _));

    [Fact]
    public void Bundles_are_lengths_and_entries()
    {
        byte[][] entries = [[], [1], new byte[EntryBundle.MaxEntryBytes]];
        var bundle = EntryBundle.Write(entries);

        Assert.Equal([0, 0, 0, 1, 1, 255, 255, 0], bundle[..8]);
        Assert.Equal(entries, EntryBundle.Read(bundle)!.Select(entry => entry.ToArray()));
        Assert.Null(EntryBundle.Read(bundle.AsMemory(0, bundle.Length - 1)));
        Assert.Null(EntryBundle.Read(new byte[] { 0 }));
    }

    private sealed class Tiles
    {
        internal TileBuilder Builder { get; } = new();

        internal List<byte[]> Entries { get; } = [];

        internal Dictionary<(int Level, long Index), byte[]> Known
        {
            get
            {
                foreach (var (level, index, hashes) in Builder.TakeChanged())
                {
                    known[(level, index)] = hashes;
                }

                return known;
            }
        }

        private readonly Dictionary<(int Level, long Index), byte[]> known = [];

        internal void Add(byte[] entry)
        {
            Entries.Add(entry);
            Builder.Add(MerkleHash.OfEntry(entry));
        }

        internal TiledTree Tree(long size) => new(size, path =>
        {
            Assert.InRange(path.Width, 1, TilePath.Full);
            return Task.FromResult<ReadOnlyMemory<byte>>(Known[(path.Level, path.Index)].AsMemory(0, path.Width * MerkleHash.Bytes));
        });
    }
}
