using Gatehouse.Contracts.Access;

namespace Gatehouse.Gateway.Sessions;

/// <summary>The model id that a device names when it connects belongs to its twin.</summary>
internal static class ModelIds
{
    /// <summary>Keeps it; the device goes on when that fails.</summary>
    internal static async Task KeepAsync(GatewayParts parts, Principal principal, string? modelId)
    {
        // A part of the twin: not for a token that is made for another part of the device.
        if (string.IsNullOrEmpty(modelId) || !Operations.UpdateReportedProperties.IsAllowed(principal.Rights))
        {
            return;
        }

        try
        {
            await parts.Twins.SetModelIdAsync(principal.Hub, principal.Identity!.Value, principal.GenerationId, modelId, CancellationToken.None);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            parts.Log.TwinRequestFailed(principal.Hub.Value, principal.Identity!.Value.ToString(), error);
        }
    }
}
