using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Credentials;

/// <summary>A server without CA certificates: nothing chains, everything X.509 by authority is refused.</summary>
internal sealed class NoTrustAnchors : ITrustAnchorSource
{
    private static readonly Task<TrustAnchors> None = Task.FromResult(new TrustAnchors([]));

    public Task<TrustAnchors> ReadAsync(HubName hub, CancellationToken cancellationToken) => None;
}
