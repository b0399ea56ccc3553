using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gatehouse.Identity.Tests.X509.Limbo;

/// <summary>One case of the corpus; certificates are DER in base64.</summary>
internal sealed record LimboCase(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("validation_kind")] string Kind,
    [property: JsonPropertyName("trusted_certs")] IReadOnlyList<byte[]> Trusted,
    [property: JsonPropertyName("untrusted_intermediates")] IReadOnlyList<byte[]> Sent,
    [property: JsonPropertyName("peer_certificate")] byte[] Leaf,
    [property: JsonPropertyName("validation_time")] DateTimeOffset? Time,
    [property: JsonPropertyName("expected_result")] string Expected,
    [property: JsonPropertyName("max_chain_depth")] int? MaxIntermediates)
{
    internal static IReadOnlyDictionary<string, LimboCase> All { get; } = Load();

    internal bool IsGood => Expected == "SUCCESS";

    private static Dictionary<string, LimboCase> Load()
    {
        using var packed = typeof(LimboCase).Assembly.GetManifestResourceStream("limbo")!;
        using var text = new GZipStream(packed, CompressionMode.Decompress);
        return JsonSerializer.Deserialize<LimboFile>(text)!.Cases.ToDictionary(c => c.Id);
    }

    private sealed record LimboFile([property: JsonPropertyName("testcases")] IReadOnlyList<LimboCase> Cases);
}
