using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Credentials;

/// <summary>Reads the verified CA certificates of a hub from the store; the cache in front of it is <see cref="CredentialSource"/>.</summary>
internal interface ITrustAnchorSource
{
    Task<TrustAnchors> ReadAsync(HubName hub, CancellationToken cancellationToken);
}
