using System.Buffers.Binary;
using System.Text;
using RocksDbSharp;
using Db = RocksDbSharp.RocksDb;

namespace Gatehouse.Streams.RocksDb;

/// <summary>The open database: its settings, its column families, and the table of hubs in the default family.</summary>
internal sealed class RocksDbFile : IDisposable
{
    private const int MostPartitions = 32;
    private const string HubPrefix = "hub:";
    private readonly ColumnFamilyHandle?[] families = new ColumnFamilyHandle?[MostPartitions];
    private readonly ColumnFamilyOptions familyOptions;

    private RocksDbFile(Db db, ColumnFamilyOptions familyOptions) => (Db, this.familyOptions) = (db, familyOptions);

    internal Db Db { get; }

    internal static RocksDbFile Open(StreamsOptions options, int partitionCount)
    {
        CreateDirectory(options.Directory);
        var dbOptions = DatabaseOptions(options);
        var familyOptions = FamilyOptions(options);
        if (!RocksDbSharp.RocksDb.TryListColumnFamilies(dbOptions, options.Directory, out var present))
        {
            present = [];
        }

        var families = new ColumnFamilies(familyOptions);
        foreach (var name in present.Union(Enumerable.Range(0, partitionCount).Select(FamilyName)).Where(static name => name != ColumnFamilies.DefaultName))
        {
            families.Add(name, familyOptions);
        }

        return new RocksDbFile(RocksDbSharp.RocksDb.Open(dbOptions, options.Directory, families), familyOptions);
    }

    internal ColumnFamilyHandle Family(int partition) => families[partition] ??= GetOrCreateFamily(partition);

    /// <summary>Number and partition count of a hub; a new hub gets the next number.</summary>
    internal (uint Number, int Partitions) GetOrAddHub(string hub, int partitionCount)
    {
        var key = Encoding.UTF8.GetBytes(HubPrefix + hub);
        if (Db.Get(key) is { Length: 5 } row)
        {
            return (BinaryPrimitives.ReadUInt32BigEndian(row), row[4]);
        }

        row = new byte[5];
        BinaryPrimitives.WriteUInt32BigEndian(row, CountHubs() + 1);
        row[4] = (byte)partitionCount;
        Db.Put(key, row, cf: null, new WriteOptions().SetSync(true));
        return (BinaryPrimitives.ReadUInt32BigEndian(row), partitionCount);
    }

    public void Dispose() => Db.Dispose();

    private uint CountHubs()
    {
        var count = 0u;
        var prefix = Encoding.UTF8.GetBytes(HubPrefix);
        using var rows = Db.NewIterator();
        for (rows.Seek(prefix); rows.Valid() && rows.GetKeySpan().StartsWith(prefix); rows.Next())
        {
            count++;
        }

        return count;
    }

    private ColumnFamilyHandle GetOrCreateFamily(int partition) =>
        Db.TryGetColumnFamily(FamilyName(partition), out var family) ? family : Db.CreateColumnFamily(familyOptions, FamilyName(partition));

    private static string FamilyName(int partition) => $"p{partition}";

    private static void CreateDirectory(string path)
    {
        // Telemetry is the tenants' data: nobody else on the machine reads it.
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static DbOptions DatabaseOptions(StreamsOptions options) => new DbOptions()
        .SetCreateIfMissing(true)
        .SetCreateMissingColumnFamilies(true)
        .SetDbWriteBufferSize((ulong)options.WriteBufferBytes)
        .SetMaxTotalWalSize((ulong)options.WriteBufferBytes * 4)
        .SetMaxOpenFiles(512)
        .SetMaxBackgroundCompactions(1)
        .SetMaxBackgroundFlushes(1)

        // One thread writes: what helps many writers only costs here.
        .SetAllowConcurrentMemtableWrite(false)
        .SetEnableWriteThreadAdaptiveYield(false)
        .SetStatsDumpPeriodSec(0)
        .SetInfoLogLevel(InfoLogLevel.Warn)
        .SetMaxLogFileSize(1024 * 1024)
        .SetKeepLogFileNum(2);

    private static ColumnFamilyOptions FamilyOptions(StreamsOptions options) => new ColumnFamilyOptions()
        .SetWriteBufferSize((ulong)options.WriteBufferBytes / 2)
        .SetArenaBlockSize(256 * 1024)
        .SetCompression(Compression.No)
        .SetBlockBasedTableFactory(new BlockBasedTableOptions()
            .SetBlockSize(16 * 1024)
            .SetBlockCache(Cache.CreateLru((ulong)options.BlockCacheBytes)));
}
