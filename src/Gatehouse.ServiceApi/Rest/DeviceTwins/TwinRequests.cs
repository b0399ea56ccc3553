using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Twins;

namespace Gatehouse.ServiceApi.Rest.DeviceTwins;

/// <summary>What the operations on twins of devices and of modules have in common.</summary>
internal static class TwinRequests
{
    internal static async Task<ApiResponse> GetAsync(Twins twins, ApiRequest request, CancellationToken cancellationToken)
    {
        var key = request.Identity();
        return key.IsOk ? TwinAnswer.Of(await twins.GetAsync(request.Hub, key.Value, cancellationToken)) : key.Error;
    }

    internal static async Task<ApiResponse> WriteAsync(Twins twins, ApiRequest request, bool isReplacement, CancellationToken cancellationToken)
    {
        var key = request.Identity();
        var ifMatch = request.IfMatch();
        if (!key.IsOk || !ifMatch.IsOk)
        {
            return key.Error ?? ifMatch.Error!;
        }

        var body = await request.ReadBytesAsync(cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (body.Value.IsEmpty)
        {
            return HubErrors.ArgumentNull.With("The body is empty.");
        }

        var update = isReplacement ? TwinUpdate.Replacement(body.Value.Span) : TwinUpdate.Patch(body.Value.Span);
        return update.IsOk ? TwinAnswer.Of(await twins.UpdateAsync(request.Hub, request.Actor, key.Value, update.Value, ifMatch.Value, cancellationToken)) : update.Error;
    }
}
