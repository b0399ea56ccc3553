using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Gatehouse.Streams.RocksDb.Library;

/// <summary>The functions of RocksDB's C interface that the event log calls; names and shapes as in its <c>rocksdb/c.h</c>.</summary>
/// <remarks>Called straight, because the package's own binding makes a delegate for each of several hundred functions when it is loaded: 40 MB and a third of the start (decisions/0004).</remarks>
internal static unsafe partial class RocksDbLibrary
{
    private const string Name = "rocksdb";

    static RocksDbLibrary() => NativeLibrary.SetDllImportResolver(typeof(RocksDbLibrary).Assembly, Load);

    /// <summary>Throws what the library says, if it says anything, and frees it.</summary>
    internal static void Check(byte* error)
    {
        if (error is not null)
        {
            var text = Marshal.PtrToStringUTF8((nint)error) ?? "unknown error";
            rocksdb_free(error);
            throw new RocksDbException(text);
        }
    }

    /// <summary>UTF-8 with its final zero.</summary>
    internal static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + '\0');

    [LibraryImport(Name)]
    internal static partial void rocksdb_free(void* pointer);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_options_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_destroy(nint options);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_create_if_missing(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_create_missing_column_families(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_db_write_buffer_size(nint options, nuint bytes);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_max_total_wal_size(nint options, ulong bytes);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_max_open_files(nint options, int count);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_max_background_compactions(nint options, int count);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_max_background_flushes(nint options, int count);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_allow_concurrent_memtable_write(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_enable_write_thread_adaptive_yield(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_stats_dump_period_sec(nint options, uint seconds);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_info_log_level(nint options, int level);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_max_log_file_size(nint options, nuint bytes);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_keep_log_file_num(nint options, nuint count);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_write_buffer_size(nint options, nuint bytes);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_arena_block_size(nint options, nuint bytes);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_compression(nint options, int kind);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_block_based_table_factory(nint options, nint table);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_block_based_options_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_block_based_options_destroy(nint table);

    [LibraryImport(Name)]
    internal static partial void rocksdb_block_based_options_set_block_size(nint table, nuint bytes);

    [LibraryImport(Name)]
    internal static partial void rocksdb_block_based_options_set_block_cache(nint table, nint cache);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_cache_create_lru(nuint bytes);

    [LibraryImport(Name)]
    internal static partial void rocksdb_cache_destroy(nint cache);

    [LibraryImport(Name)]
    internal static partial byte** rocksdb_list_column_families(nint options, byte* path, nuint* count, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_list_column_families_destroy(byte** names, nuint count);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_open_column_families(nint options, byte* path, int count, byte** names, nint* familyOptions, nint* families, byte** error);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_create_column_family(nint database, nint options, byte* name, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_column_family_handle_destroy(nint family);

    [LibraryImport(Name)]
    internal static partial void rocksdb_close(nint database);

    [LibraryImport(Name)]
    internal static partial byte* rocksdb_get(nint database, nint readOptions, byte* key, nuint keyLength, nuint* valueLength, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_write(nint database, nint writeOptions, nint batch, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_delete_file_in_range_cf(nint database, nint family, byte* start, nuint startLength, byte* limit, nuint limitLength, byte** error);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_writeoptions_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_writeoptions_destroy(nint writeOptions);

    [LibraryImport(Name)]
    internal static partial void rocksdb_writeoptions_set_sync(nint writeOptions, byte value);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_readoptions_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_readoptions_destroy(nint readOptions);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_writebatch_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_writebatch_destroy(nint batch);

    [LibraryImport(Name)]
    internal static partial void rocksdb_writebatch_clear(nint batch);

    [LibraryImport(Name)]
    internal static partial void rocksdb_writebatch_put(nint batch, byte* key, nuint keyLength, byte* value, nuint valueLength);

    [LibraryImport(Name)]
    internal static partial void rocksdb_writebatch_put_cf(nint batch, nint family, byte* key, nuint keyLength, byte* value, nuint valueLength);

    [LibraryImport(Name)]
    internal static partial void rocksdb_writebatch_delete_cf(nint batch, nint family, byte* key, nuint keyLength);

    [LibraryImport(Name)]
    internal static partial void rocksdb_writebatch_delete_range_cf(nint batch, nint family, byte* start, nuint startLength, byte* end, nuint endLength);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_create_iterator(nint database, nint readOptions);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_create_iterator_cf(nint database, nint readOptions, nint family);

    [LibraryImport(Name)]
    internal static partial void rocksdb_iter_destroy(nint iterator);

    [LibraryImport(Name)]
    internal static partial byte rocksdb_iter_valid(nint iterator);

    [LibraryImport(Name)]
    internal static partial void rocksdb_iter_seek(nint iterator, byte* key, nuint keyLength);

    [LibraryImport(Name)]
    internal static partial void rocksdb_iter_seek_for_prev(nint iterator, byte* key, nuint keyLength);

    [LibraryImport(Name)]
    internal static partial void rocksdb_iter_next(nint iterator);

    [LibraryImport(Name)]
    internal static partial byte* rocksdb_iter_key(nint iterator, nuint* length);

    [LibraryImport(Name)]
    internal static partial byte* rocksdb_iter_value(nint iterator, nuint* length);

    [LibraryImport(Name)]
    internal static partial void rocksdb_iter_get_error(nint iterator, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_iter_refresh(nint iterator, byte** error);

    // The package brings one build for glibc and one for musl.
    private static nint Load(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == Name && (NativeLibrary.TryLoad(Name, assembly, path, out var library) || NativeLibrary.TryLoad(Name + "-musl", assembly, path, out library)) ? library : 0;
}
