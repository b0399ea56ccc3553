using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Throttling;

namespace Gatehouse.ServiceApi.Rest.Methods;

/// <summary>What a direct method counts for: one for each 4 KiB of the call that were begun.</summary>
/// <remarks>Source: IoT Hub "Quotas and throttling" page, throttling meter of direct methods. Unconfirmed: that the answer counts too; here it does not.</remarks>
internal static class MethodMeter
{
    private const int UnitBytes = 4 * 1024;

    /// <param name="bytes">No more than a request may have.</param>
    internal static int Units(long bytes) => (int)Math.Clamp((bytes + UnitBytes - 1) / UnitBytes, 1, int.MaxValue);

    /// <summary>A body whose length was not announced paid one unit at the gate; the rest is owed.</summary>
    internal static void ChargeRest(Throttles throttles, ApiRequest request, Operation row, long bytes)
    {
        if (request.Http.Request.ContentLength is null)
        {
            throttles.Charge(request.Hub, row, Units(bytes) - 1);
        }
    }
}
