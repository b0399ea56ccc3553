using System.Runtime.InteropServices;
using System.Text.Json;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Throttling;

namespace Gatehouse.ServiceApi.Rest.Methods;

/// <summary>What calls of a device's and of a module's method have in common.</summary>
internal static class MethodInvocation
{
    internal static async Task<ApiResponse> RunAsync(DirectMethods methods, Throttles throttles, IdentityKey target, ApiRequest request, TimeProvider time, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(MethodJson.Shapes.MethodBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (body.Value.MethodName is not { Length: > 0 } name)
        {
            return HubErrors.ArgumentNull.With("The methodName is missing.");
        }

        var call = new MethodCall(
            name,
            PayloadOf(body.Value.Payload),
            TimeSpan.FromSeconds(body.Value.ConnectTimeoutInSeconds ?? 0),
            (body.Value.ResponseTimeoutInSeconds ?? body.Value.Timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : MethodCall.DefaultResponseTimeout);
        MethodMeter.ChargeRest(throttles, request, Operations.InvokeMethod, call.Payload.Length);
        var outcome = await methods.InvokeAsync(request.Hub, target, call, cancellationToken);
        return outcome.IsOk ? new MethodResponse(outcome.Value)
            : outcome.Error.Code == HubErrors.DeviceNotOnline.Code ? new MethodTimedOut(outcome.Error, call.ConnectTimeout, time)
            : outcome.Error.Code == HubErrors.GatewayTimeout.Code ? new MethodTimedOut(outcome.Error, call.ResponseTimeout, time)
            : outcome.Error;
    }

    // The caller's own text: numbers keep their digits.
    internal static ReadOnlyMemory<byte> PayloadOf(JsonElement payload) =>
        payload.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? default : JsonMarshal.GetRawUtf8Value(payload).ToArray();
}
