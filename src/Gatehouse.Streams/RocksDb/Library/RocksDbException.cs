namespace Gatehouse.Streams.RocksDb.Library;

/// <summary>RocksDB refused or failed; the message is its own.</summary>
internal sealed class RocksDbException(string message) : Exception(message);
