using Gatehouse.Contracts.Errors;

namespace Gatehouse.Identity.Peers;

/// <summary>One who wants to know when a grant ends; told once or not at all.</summary>
internal sealed class GrantListener(Grant grant, Action<HubError> action) : IDisposable
{
    private Action<HubError>? action = action;

    internal Grant Grant => grant;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref action, null) is not null)
        {
            grant.Owner.Forget(this);
        }
    }

    internal void Tell(HubError error) => Interlocked.Exchange(ref action, null)?.Invoke(error);
}
