using System.Globalization;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Throttling;
using Gatehouse.ServiceApi.Rest.Methods;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest.DigitalTwins;

/// <summary>What commands of a device and of its components have in common: a direct method whose answer is the body and whose status is a header.</summary>
internal static class CommandInvocation
{
    internal static async Task<ApiResponse> RunAsync(DirectMethods methods, Throttles throttles, string name, ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        if (!device.IsOk)
        {
            return device.Error;
        }

        if (!TrySeconds(request.Query("connectTimeoutInSeconds"), TimeSpan.Zero, out var connect) || !TrySeconds(request.Query("responseTimeoutInSeconds"), MethodCall.DefaultResponseTimeout, out var response))
        {
            return HubErrors.ArgumentInvalid.With("A time-out is not a whole number of seconds.");
        }

        var body = await request.ReadBytesAsync(cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        MethodMeter.ChargeRest(throttles, request, Operations.InvokeCommand, body.Value.Length);
        var answer = await methods.InvokeAsync(request.Hub, new IdentityKey(device.Value), new MethodCall(name, body.Value, connect, response), cancellationToken);
        return answer.IsOk ? new CommandAnswer(answer.Value) : answer.Error;
    }

    private static bool TrySeconds(string? text, TimeSpan otherwise, out TimeSpan time)
    {
        time = otherwise;
        if (text is null)
        {
            return true;
        }

        var isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds);
        time = TimeSpan.FromSeconds(seconds);
        return isNumber;
    }

    private sealed class CommandAnswer(MethodAnswer answer) : ApiResponse
    {
        internal override Task WriteAsync(HttpContext http)
        {
            http.Response.Headers["x-ms-command-statuscode"] = answer.Status.ToString(CultureInfo.InvariantCulture);
            http.Response.ContentType = ApiJson.ContentType;
            http.Response.ContentLength = answer.Payload.Length;
            return http.Response.Body.WriteAsync(answer.Payload, http.RequestAborted).AsTask();
        }
    }
}
