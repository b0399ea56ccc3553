using static Gatehouse.Streams.RocksDb.Library.RocksDbLibrary;

namespace Gatehouse.Streams.RocksDb.Library;

/// <summary>Walks the rows of one family in the order of their keys. Must be disposed before its database is.</summary>
internal sealed unsafe class RowIterator(nint handle) : IDisposable
{
    private nint handle = handle;

    internal bool IsValid => rocksdb_iter_valid(handle) != 0;

    /// <summary>Good until the iterator moves.</summary>
    internal ReadOnlySpan<byte> Key
    {
        get
        {
            nuint length;
            var bytes = rocksdb_iter_key(handle, &length);
            return new ReadOnlySpan<byte>(bytes, (int)length);
        }
    }

    /// <summary>Good until the iterator moves.</summary>
    internal ReadOnlySpan<byte> Value
    {
        get
        {
            nuint length;
            var bytes = rocksdb_iter_value(handle, &length);
            return new ReadOnlySpan<byte>(bytes, (int)length);
        }
    }

    /// <summary>To the first key at or behind this one.</summary>
    internal void Seek(ReadOnlySpan<byte> key)
    {
        fixed (byte* k = key)
        {
            rocksdb_iter_seek(handle, k, (nuint)key.Length);
        }
    }

    /// <summary>To the last key at or before this one.</summary>
    internal void SeekForPrevious(ReadOnlySpan<byte> key)
    {
        fixed (byte* k = key)
        {
            rocksdb_iter_seek_for_prev(handle, k, (nuint)key.Length);
        }
    }

    internal void Next() => rocksdb_iter_next(handle);

    /// <summary>The end and an unreadable file look alike until this is asked.</summary>
    /// <exception cref="RocksDbException">The rows could not be read.</exception>
    internal void ThrowIfFailed()
    {
        byte* error = null;
        rocksdb_iter_get_error(handle, &error);
        Check(error);
    }

    /// <summary>Sees what was written since the iterator was opened.</summary>
    internal void Refresh()
    {
        byte* error = null;
        rocksdb_iter_refresh(handle, &error);
        Check(error);
    }

    public void Dispose()
    {
        if (handle != 0)
        {
            rocksdb_iter_destroy(handle);
            handle = 0;
        }
    }
}
