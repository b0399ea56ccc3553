using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Identity.Tests.Peers;

/// <summary>Counts how often, and why, a grant ended.</summary>
internal sealed class Ends : IDisposable
{
    private readonly IDisposable subscription;
    private int count;

    internal Ends(IGrant grant) => subscription = grant.WhenEnded(error =>
    {
        Error = error;
        Interlocked.Increment(ref count);
    });

    internal int Count => Volatile.Read(ref count);

    internal HubError? Error { get; private set; }

    public void Dispose() => subscription.Dispose();
}
