using System.Runtime.InteropServices;
using static Gatehouse.Streams.RocksDb.Library.RocksDbLibrary;

namespace Gatehouse.Streams.RocksDb.Library;

/// <summary>An open RocksDB database with its column families. The owner sees to it that nothing is called after <see cref="Dispose"/>.</summary>
internal sealed unsafe class RowDatabase : IDisposable
{
    internal const string DefaultFamily = "default";

    private readonly Dictionary<string, nint> families;
    private readonly nint options;
    private readonly nint familyOptions;
    private readonly nint readOptions = rocksdb_readoptions_create();
    private readonly nint synced = rocksdb_writeoptions_create();
    private readonly nint unsynced = rocksdb_writeoptions_create();
    private nint handle;

    private RowDatabase(nint handle, Dictionary<string, nint> families, nint options, nint familyOptions)
    {
        (this.handle, this.families, this.options, this.familyOptions) = (handle, families, options, familyOptions);
        rocksdb_writeoptions_set_sync(synced, 1);
    }

    /// <summary>Opens the database with the families that it has and those that are wanted; makes what is missing.</summary>
    /// <param name="path">Folder.</param>
    /// <param name="options">Of the database; owned by it from here on.</param>
    /// <param name="familyOptions">Of every family; likewise.</param>
    /// <param name="wanted">Names of families.</param>
    /// <exception cref="RocksDbException">It cannot be opened.</exception>
    internal static RowDatabase Open(string path, nint options, nint familyOptions, IEnumerable<string> wanted)
    {
        var names = ListFamilies(path, options).Union(wanted).Prepend(DefaultFamily).Distinct(StringComparer.Ordinal).ToArray();
        var texts = Array.ConvertAll(names, name => Marshal.StringToCoTaskMemUTF8(name));
        try
        {
            var each = new nint[names.Length];
            Array.Fill(each, familyOptions);
            var handles = new nint[names.Length];
            byte* error = null;
            nint handle;
            fixed (byte* folder = Text(path))
            fixed (nint* name = texts, option = each, family = handles)
            {
                handle = rocksdb_open_column_families(options, folder, names.Length, (byte**)name, option, family, &error);
            }

            Check(error);
            return new RowDatabase(handle, names.Zip(handles).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal), options, familyOptions);
        }
        catch (RocksDbException)
        {
            rocksdb_options_destroy(familyOptions);
            rocksdb_options_destroy(options);
            throw;
        }
        finally
        {
            Array.ForEach(texts, Marshal.FreeCoTaskMem);
        }
    }

    /// <summary>Handle of a family, which is made if it is not there.</summary>
    internal nint Family(string name)
    {
        if (!families.TryGetValue(name, out var family))
        {
            byte* error = null;
            fixed (byte* text = Text(name))
            {
                family = rocksdb_create_column_family(handle, familyOptions, text, &error);
            }

            Check(error);
            families[name] = family;
        }

        return family;
    }

    /// <summary>Value of a key of the default family; null when there is none.</summary>
    internal byte[]? Get(ReadOnlySpan<byte> key)
    {
        byte* error = null;
        nuint length;
        byte* value;
        fixed (byte* k = key)
        {
            value = rocksdb_get(handle, readOptions, k, (nuint)key.Length, &length, &error);
        }

        Check(error);
        if (value is null)
        {
            return null;
        }

        var copy = new ReadOnlySpan<byte>(value, (int)length).ToArray();
        rocksdb_free(value);
        return copy;
    }

    /// <param name="batch">What to write.</param>
    /// <param name="isSynced">Durable against power loss when the call returns.</param>
    internal void Write(WriteBatch batch, bool isSynced)
    {
        byte* error = null;
        rocksdb_write(handle, isSynced ? synced : unsynced, batch.Handle, &error);
        Check(error);
    }

    /// <summary>Drops the files that hold only keys of the range; what lies in other files stays.</summary>
    internal void DeleteFilesInRange(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, nint family)
    {
        byte* error = null;
        fixed (byte* f = from, t = to)
        {
            rocksdb_delete_file_in_range_cf(handle, family, f, (nuint)from.Length, t, (nuint)to.Length, &error);
        }

        Check(error);
    }

    internal RowIterator NewIterator() => new(rocksdb_create_iterator(handle, readOptions));

    internal RowIterator NewIterator(nint family) => new(rocksdb_create_iterator_cf(handle, readOptions, family));

    public void Dispose()
    {
        if (handle == 0)
        {
            return;
        }

        foreach (var family in families.Values)
        {
            rocksdb_column_family_handle_destroy(family);
        }

        rocksdb_close(handle);
        handle = 0;
        rocksdb_readoptions_destroy(readOptions);
        rocksdb_writeoptions_destroy(synced);
        rocksdb_writeoptions_destroy(unsynced);
        rocksdb_options_destroy(familyOptions);
        rocksdb_options_destroy(options);
    }

    /// <summary>None when there is no database yet.</summary>
    private static string[] ListFamilies(string path, nint options)
    {
        byte* error = null;
        nuint count = 0;
        byte** names;
        fixed (byte* folder = Text(path))
        {
            names = rocksdb_list_column_families(options, folder, &count, &error);
        }

        if (error is not null)
        {
            // Whatever is wrong with a database that exists, opening it tells.
            rocksdb_free(error);
            return [];
        }

        var found = new string[count];
        for (var i = 0; i < found.Length; i++)
        {
            found[i] = Marshal.PtrToStringUTF8((nint)names[i])!;
        }

        rocksdb_list_column_families_destroy(names, count);
        return found;
    }
}
