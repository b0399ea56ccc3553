using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Throttling;

namespace Gatehouse.Gateway.Sessions;

/// <summary>A device's or module's own twin within the limits of its hub, for every protocol. One session's or link's; its reports are begun by one task at a time.</summary>
internal sealed class OwnTwin(GatewayParts parts, Principal principal, DeviceShare? share)
{
    private readonly CancellationTokenSource ending = new();
    private Task before = Task.CompletedTask;

    /// <summary>Time stamp for a request that comes: while it waits for those before it, the time for which it may be held back runs.</summary>
    internal long Now => parts.Time.GetTimestamp();

    internal async Task<Result<ReadOnlyMemory<byte>>> ReadAsync(long arrived) =>
        await PassAsync(Operations.ReadOwnTwin, arrived) is { } throttled
            ? throttled
            : await parts.Twins.ReadPropertiesAsync(principal.Hub, principal.Identity!.Value, principal.GenerationId, CancellationToken.None);

    /// <summary>Begins at once, so that reports of many devices share a transaction, unless it or one before it is held back: reports are written in the order in which they came.</summary>
    /// <param name="patch">Good until the call returns.</param>
    /// <param name="version">That the reported properties must have; null for any.</param>
    internal Task<Result<long>> ReportAsync(ReadOnlyMemory<byte> patch, long? version)
    {
        var arrived = Now;
        if (before.IsCompleted)
        {
            var passing = PassAsync(Operations.UpdateReportedProperties, arrived);
            if (passing.IsCompletedSuccessfully)
            {
                return passing.Result is { } throttled ? Task.FromResult<Result<long>>(throttled) : WriteAsync(patch, version);
            }

            return Follow(HoldAsync(passing, patch.ToArray(), version));
        }

        return Follow(HoldAsync(before, arrived, patch.ToArray(), version));
    }

    /// <summary>From any thread: what is still held back is given up. A later session's reports shall not be overwritten by it.</summary>
    internal void End() => _ = ending.CancelAsync();

    private Task<Result<long>> Follow(Task<Result<long>> held)
    {
        before = held;
        return held;
    }

    private async Task<Result<long>> HoldAsync(Task earlier, long arrived, byte[] patch, long? version)
    {
        await earlier.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await HoldAsync(PassAsync(Operations.UpdateReportedProperties, arrived), patch, version);
    }

    private async Task<Result<long>> HoldAsync(ValueTask<HubError?> passing, byte[] patch, long? version) =>
        await passing is { } throttled ? throttled
        : ending.IsCancellationRequested ? HubErrors.ThrottlingException
        : await WriteAsync(patch, version);

    private async ValueTask<HubError?> PassAsync(Operation row, long arrived)
    {
        try
        {
            return await parts.Throttles.PassAsync(share, row, arrived, ending.Token);
        }
        catch (OperationCanceledException)
        {
            // Held back until its session ended: hardly anybody hears of it.
            return HubErrors.ThrottlingException;
        }
    }

    private Task<Result<long>> WriteAsync(ReadOnlyMemory<byte> patch, long? version) =>
        parts.Twins.ReportAsync(principal.Hub, principal.Identity!.Value, principal.GenerationId, patch, version, CancellationToken.None);
}
