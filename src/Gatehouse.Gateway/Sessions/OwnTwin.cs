using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Throttling;

namespace Gatehouse.Gateway.Sessions;

/// <summary>A device's or module's own twin within the limits of its hub, for every protocol.</summary>
internal sealed class OwnTwin(GatewayParts parts, Principal principal, DeviceShare? share)
{
    internal async Task<Result<ReadOnlyMemory<byte>>> ReadAsync() =>
        await parts.Throttles.PassAsync(share, Operations.ReadOwnTwin, CancellationToken.None) is { } throttled
            ? throttled
            : await parts.Twins.ReadPropertiesAsync(principal.Hub, principal.Identity!.Value, principal.GenerationId, CancellationToken.None);

    /// <summary>Begins at once, so that reports of many devices share a transaction, unless it is held back.</summary>
    /// <param name="patch">Good until the call returns.</param>
    /// <param name="version">That the reported properties must have; null for any.</param>
    internal Task<Result<long>> ReportAsync(ReadOnlyMemory<byte> patch, long? version)
    {
        var passing = parts.Throttles.PassAsync(share, Operations.UpdateReportedProperties, CancellationToken.None);
        if (!passing.IsCompletedSuccessfully)
        {
            return HoldAsync(passing, patch.ToArray(), version);
        }

        return passing.Result is { } throttled ? Task.FromResult<Result<long>>(throttled) : WriteAsync(patch, version);
    }

    private async Task<Result<long>> HoldAsync(ValueTask<HubError?> passing, byte[] patch, long? version) => await passing is { } throttled ? throttled : await WriteAsync(patch, version);

    private Task<Result<long>> WriteAsync(ReadOnlyMemory<byte> patch, long? version) =>
        parts.Twins.ReportAsync(principal.Hub, principal.Identity!.Value, principal.GenerationId, patch, version, CancellationToken.None);
}
