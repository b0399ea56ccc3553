using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Identity.Tests.Peers;

/// <summary>Credentials whose look-ups can be held: what they find is what was true when they began.</summary>
internal sealed class HeldCredentials(ICredentialSource inner) : ICredentialSource
{
    private readonly Queue<TaskCompletionSource> waiting = new();

    internal bool IsHolding { get; set; }

    internal int Waiting => waiting.Count;

    /// <summary>Lets the look-up that has waited longest go on.</summary>
    internal void Release() => waiting.Dequeue().SetResult();

    public HubEntry? FindHub(ReadOnlySpan<char> hostName) => inner.FindHub(hostName);

    public HubEntry? FindHubByLabel(ReadOnlySpan<char> label) => inner.FindHubByLabel(label);

    public async ValueTask<IdentityCredentials?> FindIdentityAsync(HubName hub, IdentityKey identity, CancellationToken cancellationToken)
    {
        var found = await inner.FindIdentityAsync(hub, identity, cancellationToken);
        await PassAsync();
        return found;
    }

    public async ValueTask<PolicyCredentials?> FindPolicyAsync(HubName hub, string policyName, CancellationToken cancellationToken)
    {
        var found = await inner.FindPolicyAsync(hub, policyName, cancellationToken);
        await PassAsync();
        return found;
    }

    public ValueTask<TrustAnchors> FindTrustAnchorsAsync(HubName hub, CancellationToken cancellationToken) => inner.FindTrustAnchorsAsync(hub, cancellationToken);

    private Task PassAsync()
    {
        if (!IsHolding)
        {
            return Task.CompletedTask;
        }

        var pass = new TaskCompletionSource();
        waiting.Enqueue(pass);
        return pass.Task;
    }
}
