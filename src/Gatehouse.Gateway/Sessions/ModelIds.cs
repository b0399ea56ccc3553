using Gatehouse.Contracts.Access;

namespace Gatehouse.Gateway.Sessions;

/// <summary>The model id that a device names when it connects belongs to its twin.</summary>
internal static class ModelIds
{
    /// <summary>Keeps it; the device goes on when that fails.</summary>
    internal static async Task KeepAsync(GatewayParts parts, Principal principal, string? modelId)
    {
        if (string.IsNullOrEmpty(modelId))
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
