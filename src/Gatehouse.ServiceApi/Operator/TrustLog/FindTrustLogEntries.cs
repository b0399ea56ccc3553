using System.Security.Cryptography;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.ServiceApi.Rest;
using Gatehouse.Store.TrustLog;

namespace Gatehouse.ServiceApi.Operator.TrustLog;

/// <summary><c>GET /gatehouse/v1/log/fingerprints/{sha256}</c>: where the entries about a certificate or key stand.</summary>
internal sealed class FindTrustLogEntries(TrustLogStore store) : ApiOperation(Operations.ReadTrustLog, "GET", "gatehouse/v1/log/fingerprints/{sha256}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var text = request.Segment("sha256");
        if (text.Length != 2 * SHA256.HashSizeInBytes || !text.All(char.IsAsciiHexDigit))
        {
            return HubErrors.ArgumentInvalid.With("The fingerprint must be a SHA-256: 64 hexadecimal digits.");
        }

        var (places, isWaiting) = await store.FindAsync(Convert.FromHexString(text), cancellationToken);
        return ApiResponse.Json(new TrustLogPlaces(places, isWaiting), OperatorJson.Types.TrustLogPlaces);
    }
}
