namespace Gatehouse.Hub.Methods;

/// <summary>Somebody waits until an identity can be called.</summary>
internal sealed class RouteWait(Callee callee)
{
    private readonly TaskCompletionSource<MethodRoute> found = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Callee Callee { get; } = callee;

    internal void TrySet(MethodRoute route) => found.TrySetResult(route);

    /// <summary>Null when the time is over.</summary>
    internal async Task<MethodRoute?> WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await found.Task.WaitAsync(timeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}
