using System.Buffers.Binary;
using System.Text;
using Gatehouse.Streams.RocksDb.Library;
using static Gatehouse.Streams.RocksDb.Library.RocksDbLibrary;

namespace Gatehouse.Streams.RocksDb;

/// <summary>The open database: its settings, its column families, and the table of hubs in the default family.</summary>
internal sealed class RocksDbFile : IDisposable
{
    private const string HubPrefix = "hub:";
    private const int InfoLogWarnings = 2;
    private const int NoCompression = 0;

    private readonly Dictionary<int, nint> families = [];

    private RocksDbFile(RowDatabase rows) => Rows = rows;

    internal RowDatabase Rows { get; }

    internal static RocksDbFile Open(StreamsOptions options, int partitionCount)
    {
        CreateDirectory(options.Directory);
        return new RocksDbFile(RowDatabase.Open(options.Directory, DatabaseOptions(options), FamilyOptions(options), Enumerable.Range(0, partitionCount).Select(FamilyName)));
    }

    /// <summary>Handle of a partition's family, which is made at first use.</summary>
    internal nint Family(int partition)
    {
        lock (families)
        {
            if (!families.TryGetValue(partition, out var family))
            {
                families[partition] = family = Rows.Family(FamilyName(partition));
            }

            return family;
        }
    }

    /// <summary>Number and partition count of a hub; a new hub gets the next number.</summary>
    internal (uint Number, int Partitions) GetOrAddHub(string hub, int partitionCount)
    {
        var key = Encoding.UTF8.GetBytes(HubPrefix + hub);
        if (Rows.Get(key) is { Length: 5 } row)
        {
            return (BinaryPrimitives.ReadUInt32BigEndian(row), row[4]);
        }

        row = new byte[5];
        BinaryPrimitives.WriteUInt32BigEndian(row, CountHubs() + 1);
        row[4] = (byte)partitionCount;
        using var batch = new WriteBatch();
        batch.Put(key, row);
        Rows.Write(batch, isSynced: true);
        return (BinaryPrimitives.ReadUInt32BigEndian(row), partitionCount);
    }

    public void Dispose() => Rows.Dispose();

    private uint CountHubs()
    {
        var count = 0u;
        var prefix = Encoding.UTF8.GetBytes(HubPrefix);
        using var rows = Rows.NewIterator();
        for (rows.Seek(prefix); rows.IsValid && rows.Key.StartsWith(prefix); rows.Next())
        {
            count++;
        }

        return count;
    }

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

    private static nint DatabaseOptions(StreamsOptions options)
    {
        var made = rocksdb_options_create();
        rocksdb_options_set_create_if_missing(made, 1);
        rocksdb_options_set_create_missing_column_families(made, 1);
        rocksdb_options_set_db_write_buffer_size(made, (nuint)options.WriteBufferBytes);
        rocksdb_options_set_max_total_wal_size(made, (ulong)options.WriteBufferBytes * 4);
        rocksdb_options_set_max_open_files(made, 512);
        rocksdb_options_set_max_background_compactions(made, 1);
        rocksdb_options_set_max_background_flushes(made, 1);

        // One thread writes: what helps many writers only costs here.
        rocksdb_options_set_allow_concurrent_memtable_write(made, 0);
        rocksdb_options_set_enable_write_thread_adaptive_yield(made, 0);
        rocksdb_options_set_stats_dump_period_sec(made, 0);
        rocksdb_options_set_info_log_level(made, InfoLogWarnings);
        rocksdb_options_set_max_log_file_size(made, 1024 * 1024);
        rocksdb_options_set_keep_log_file_num(made, 2);
        return made;
    }

    private static nint FamilyOptions(StreamsOptions options)
    {
        var made = rocksdb_options_create();
        rocksdb_options_set_write_buffer_size(made, (nuint)options.WriteBufferBytes / 2);
        rocksdb_options_set_arena_block_size(made, 256 * 1024);
        rocksdb_options_set_compression(made, NoCompression);
        var table = rocksdb_block_based_options_create();
        var cache = rocksdb_cache_create_lru((nuint)options.BlockCacheBytes);
        rocksdb_block_based_options_set_block_size(table, 16 * 1024);
        rocksdb_block_based_options_set_block_cache(table, cache);
        rocksdb_options_set_block_based_table_factory(made, table);

        // The options hold them from here on.
        rocksdb_cache_destroy(cache);
        rocksdb_block_based_options_destroy(table);
        return made;
    }
}
