using static Gatehouse.Streams.RocksDb.Library.RocksDbLibrary;

namespace Gatehouse.Streams.RocksDb.Library;

/// <summary>Changes that are written together or not at all. Families are handles of the open database.</summary>
internal sealed unsafe class WriteBatch : IDisposable
{
    internal nint Handle { get; private set; } = rocksdb_writebatch_create();

    internal void Clear() => rocksdb_writebatch_clear(Handle);

    /// <summary>Into the default family.</summary>
    internal void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        fixed (byte* k = key, v = value)
        {
            rocksdb_writebatch_put(Handle, k, (nuint)key.Length, v, (nuint)value.Length);
        }
    }

    internal void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, nint family)
    {
        fixed (byte* k = key, v = value)
        {
            rocksdb_writebatch_put_cf(Handle, family, k, (nuint)key.Length, v, (nuint)value.Length);
        }
    }

    internal void Delete(ReadOnlySpan<byte> key, nint family)
    {
        fixed (byte* k = key)
        {
            rocksdb_writebatch_delete_cf(Handle, family, k, (nuint)key.Length);
        }
    }

    /// <param name="from">First key that goes.</param>
    /// <param name="to">First key behind it that stays.</param>
    /// <param name="family">Their family.</param>
    internal void DeleteRange(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, nint family)
    {
        fixed (byte* f = from, t = to)
        {
            rocksdb_writebatch_delete_range_cf(Handle, family, f, (nuint)from.Length, t, (nuint)to.Length);
        }
    }

    public void Dispose()
    {
        if (Handle != 0)
        {
            rocksdb_writebatch_destroy(Handle);
            Handle = 0;
        }
    }
}
