using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Methods;

/// <summary>How many calls are under way, by hub and by identity.</summary>
internal sealed class MethodSeats(MethodOptions options)
{
    private readonly Lock gate = new();
    private readonly Dictionary<HubName, (int Calls, long Bytes)> hubs = [];
    private readonly Dictionary<(HubName Hub, IdentityKey Identity), int> identities = [];

    /// <summary>Null when the call may begin; <see cref="Leave"/> must follow then.</summary>
    internal HubError? TryEnter(HubName hub, IdentityKey identity, int bytes)
    {
        lock (gate)
        {
            var (calls, held) = hubs.GetValueOrDefault(hub);
            if (calls >= options.MaxCallsPerHub || held + bytes > options.MaxPayloadBytesPerHub)
            {
                return HubErrors.ThrottlingException.With("Too many method calls of this hub are under way.");
            }

            var own = identities.GetValueOrDefault((hub, identity));
            if (own >= options.MaxCallsPerDevice)
            {
                return HubErrors.DeviceMaximumInflightMethodExceeded;
            }

            hubs[hub] = (calls + 1, held + bytes);
            identities[(hub, identity)] = own + 1;
            return null;
        }
    }

    internal void Leave(HubName hub, IdentityKey identity, int bytes)
    {
        lock (gate)
        {
            var (calls, held) = hubs[hub];
            hubs[hub] = (calls - 1, held - bytes);
            var own = identities[(hub, identity)];
            if (own == 1)
            {
                identities.Remove((hub, identity));
            }
            else
            {
                identities[(hub, identity)] = own - 1;
            }
        }
    }
}
