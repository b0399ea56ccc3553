using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Contracts.Audit;

namespace Gatehouse.Keys;

/// <summary>The wrapped data keys as they lie in <c>data-keys.json</c>; the last one seals, all open.</summary>
/// <param name="WrappedBy">Id of the key handle.</param>
/// <param name="Keys">Oldest first.</param>
/// <param name="WrappedAt">Address of the key handle; null for the file <c>wrapping.key</c>, as before there were others.</param>
/// <param name="Unrecorded">A change of this file that the audit log may not have yet; it is written there with it, so that a kill between the two hides nothing.</param>
/// <param name="KeptBy">Id of the HSM's key under which secrets stay in the HSM; null where the data keys alone seal them.</param>
/// <param name="KeptAt">Address of that key.</param>
internal sealed record DataKeyFile(string WrappedBy, IReadOnlyList<DataKeyFile.Entry> Keys, string? WrappedAt = null, AuditRecord? Unrecorded = null, string? KeptBy = null, string? KeptAt = null)
{
    /// <param name="Id">1, 2, … ; stands in every sealed secret.</param>
    /// <param name="Wrapped">The data key under the key handle.</param>
    internal sealed record Entry(int Id, byte[] Wrapped);

    [JsonIgnore]
    internal KeyAddress Address => KeyAddress.TryParse(WrappedAt, out var address) ? address : new KeyAddress(KeyAddress.Files, KeyAddress.FirstName);

    [JsonIgnore]
    internal KeyAddress? KeptAddress => KeyAddress.TryParse(KeptAt, out var address) ? address : null;

    internal static DataKeyFile Parse(ReadOnlySpan<byte> content, string path)
    {
        try
        {
            // Whatever the annotations say, JSON may leave out or null any of it.
            var file = JsonSerializer.Deserialize(content, DataKeyFileJson.Default.DataKeyFile);
            return file is { WrappedBy.Length: > 0, Keys.Count: > 0 }
                && file.Keys.All(static k => k is { Wrapped: not null })
                && file.Keys.DistinctBy(static k => k.Id).Count() == file.Keys.Count
                && (file.WrappedAt is null || KeyAddress.TryParse(file.WrappedAt, out _))
                && (file.KeptBy is null) == (file.KeptAt is null)
                && (file.KeptAt is null || KeyAddress.TryParse(file.KeptAt, out _)) ? file : throw new JsonException();
        }
        catch (JsonException error)
        {
            throw new KeysException($"'{path}' is damaged. Restore the keys directory from its backup; without it the stored keys cannot be opened.", error);
        }
    }

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, DataKeyFileJson.Default.DataKeyFile);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DataKeyFile))]
internal sealed partial class DataKeyFileJson : JsonSerializerContext;
