using System.Buffers.Binary;
using System.Security.Cryptography;
using Gatehouse.Streams.Log;
using Gatehouse.Streams.RocksDb.Library;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Streams.RocksDb;

/// <summary>Blocks in RocksDB: one database per server, a column family per partition number, keys that start with the hub's number.</summary>
/// <remarks>
/// Every commit is one write batch whose write-ahead log is synced before it returns. A column family per partition keeps the keys of each ascending,
/// so that table files never overlap and compaction moves them without rewriting (decisions/0005).
/// </remarks>
internal sealed class RocksDbBlockStore(StreamsOptions options, ILogger<RocksDbBlockStore> log) : IBlockStore
{
    private readonly ReaderWriterLockSlim access = new();
    private readonly List<RocksDbPartition> partitions = [];
    private readonly WriteBatch batch = new();
    private readonly long writer = BinaryPrimitives.ReadInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(long)));
    private RocksDbFile? file;

    public bool IsShared => false;

    public ValueTask<IReadOnlyList<IPartitionBlocks>> OpenAsync(string hub, int partitionCount, Action<int, PartitionTail> advanced, CancellationToken cancellationToken)
    {
        access.EnterWriteLock();
        try
        {
            file ??= RocksDbFile.Open(options, partitionCount);
            var (number, count) = file.GetOrAddHub(hub, partitionCount);
            var opened = Enumerable.Range(0, count).Select(index => new RocksDbPartition(this, hub, number, index, log)).ToArray();
            foreach (var partition in opened)
            {
                partition.Restore(file);
            }

            lock (partitions)
            {
                partitions.AddRange(opened);
            }

            return ValueTask.FromResult<IReadOnlyList<IPartitionBlocks>>(opened);
        }
        catch (RocksDbException error)
        {
            throw new IOException($"The event log in {options.Directory} cannot be opened: {error.Message}", error);
        }
        finally
        {
            access.ExitWriteLock();
        }
    }

    public void Write(IReadOnlyList<PendingBlock> blocks, long now)
    {
        var target = file ?? throw new ObjectDisposedException(nameof(RocksDbBlockStore));
        Span<byte> key = stackalloc byte[RocksDbPartition.KeyLength];
        batch.Clear();
        foreach (var block in blocks)
        {
            var partition = (RocksDbPartition)block.Partition.Blocks;
            partition.Take(block, now, writer);
            partition.WriteKey(key, block.Header.First);
            batch.Put(key, block.Bytes.Span, target.Family(partition.Index));
        }

        try
        {
            target.Rows.Write(batch, isSynced: true);
        }
        catch (RocksDbException error)
        {
            throw new IOException($"The event log in {options.Directory} cannot be written: {error.Message}", error);
        }

        foreach (var block in blocks)
        {
            ((RocksDbPartition)block.Partition.Blocks).Keep(block.Header);
        }
    }

    /// <summary>Removes what a failed write may have left behind the tails. After an I/O error RocksDB refuses writes until it is opened again.</summary>
    public void Recover()
    {
        RocksDbPartition[] all;
        lock (partitions)
        {
            all = [.. partitions];
        }

        try
        {
            RemoveBehindTails(all);
        }
        catch (Exception error) when (error is RocksDbException or ObjectDisposedException)
        {
            Reopen();
            RemoveBehindTails(all);
        }
    }

    public ValueTask DisposeAsync()
    {
        access.EnterWriteLock();
        try
        {
            file?.Dispose();
            file = null;
        }
        finally
        {
            access.ExitWriteLock();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Runs a read, or a trim, while the database is sure to stay open.</summary>
    internal T Use<T>(Func<RocksDbFile, T> action)
    {
        access.EnterReadLock();
        try
        {
            return action(file ?? throw new ObjectDisposedException(nameof(RocksDbBlockStore)));
        }
        catch (RocksDbException error)
        {
            throw new IOException($"The event log in {options.Directory} cannot be read: {error.Message}", error);
        }
        finally
        {
            access.ExitReadLock();
        }
    }

    private void RemoveBehindTails(RocksDbPartition[] all)
    {
        var target = file ?? throw new ObjectDisposedException(nameof(RocksDbBlockStore));
        using var removal = new WriteBatch();
        foreach (var partition in all)
        {
            partition.RemoveBehindTail(removal, target);
        }

        target.Rows.Write(removal, isSynced: true);
    }

    private void Reopen()
    {
        access.EnterWriteLock();
        try
        {
            file?.Dispose();
            file = null;
            file = RocksDbFile.Open(options, partitionCount: 0);
        }
        finally
        {
            access.ExitWriteLock();
        }
    }
}
