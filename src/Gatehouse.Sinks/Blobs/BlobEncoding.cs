namespace Gatehouse.Sinks.Blobs;

/// <summary>Form of the blobs of a storage endpoint.</summary>
public enum BlobEncoding
{
    /// <summary>Avro object container, uncompressed.</summary>
    Avro,

    /// <summary>Avro object container with the deflate codec.</summary>
    AvroDeflate,

    /// <summary>One JSON object per line.</summary>
    Json,
}
