using Gatehouse.Contracts.Errors;
using Gatehouse.Store;
using Xunit;

namespace Gatehouse.Hub.Tests.Twins;

/// <summary>Keeps the embedded store's one writer busy until disposed, so that what comes meanwhile waits.</summary>
internal sealed class StoreHold : IDisposable
{
    private readonly TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal static async Task<StoreHold> BeginAsync(HubHost host)
    {
        var hold = new StoreHold();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = host.Get<Database>().WriteAsync<bool>(
            async (_, _) =>
            {
                begun.SetResult();
                await hold.end.Task;
                return HubErrors.InvalidOperation;
            },
            TestContext.Current.CancellationToken);
        await begun.Task;
        return hold;
    }

    public void Dispose() => end.TrySetResult();
}
