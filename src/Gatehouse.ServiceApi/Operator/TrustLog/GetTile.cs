using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Transparency;
using Gatehouse.ServiceApi.Rest;
using Gatehouse.Store.TrustLog;

namespace Gatehouse.ServiceApi.Operator.TrustLog;

/// <summary><c>GET /gatehouse/v1/log/tile/{level}/…</c>: hashes, or with the level <c>entries</c> entries, by the paths of C2SP tlog-tiles. A path has one to four segments: up to a thousand million tiles.</summary>
/// <remarks>What was answered once is never different: a tile that grows has another path.</remarks>
internal abstract class ReadTile(TrustLogStore store, string rest) : ApiOperation(Operations.ReadTrustLog, "GET", "gatehouse/v1/log/tile/{level}/" + rest)
{
    private const string Immutable = "private, max-age=31536000, immutable";

    private readonly string[] names = [.. rest.Split('/').Select(static name => name[1..^1])];

    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        TilePath.TryParse(request.Segment("level"), [.. names.Select(request.Segment)], out var path) && await store.ReadTileAsync(path, cancellationToken) is { } tile
            ? ApiResponse.Bytes(tile, "application/octet-stream", Immutable)
            : HubErrors.GenericNotFound.With("The trust log has no such tile.");
}

/// <summary>The first thousand.</summary>
internal sealed class GetTile(TrustLogStore store) : ReadTile(store, "{a}");

/// <summary>Partial ones of these, or the first million.</summary>
internal sealed class GetPartialTile(TrustLogStore store) : ReadTile(store, "{a}/{b}");

/// <summary>The first thousand million, or partial ones of the first million.</summary>
internal sealed class GetLongTile(TrustLogStore store) : ReadTile(store, "{a}/{b}/{c}");

/// <summary>Partial ones of these.</summary>
internal sealed class GetLongPartialTile(TrustLogStore store) : ReadTile(store, "{a}/{b}/{c}/{d}");
