using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Identity;

/// <summary>Nothing is revoked: for use outside the container.</summary>
internal sealed class NoRevocations : IRevocations, IDisposable
{
    internal static NoRevocations Instance { get; } = new();

    public RevocationSet Of(HubName hub) => RevocationSet.Empty;

    public IDisposable Attach(ICertificateUses uses) => this;

    public void Dispose()
    {
        // Nothing is held.
    }
}
