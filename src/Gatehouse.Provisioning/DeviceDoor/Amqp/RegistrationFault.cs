using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Provisioning.DeviceDoor.Amqp;

/// <summary>An error of the catalogue as AMQP clients of the provisioning service read it: a condition that they know, the JSON of HTTPS for its description, and when to come again.</summary>
/// <remarks>Source: dps §5 of the wire reference. C# looks for <c>Retry-After</c> and Node for <c>retry-after</c>, each in its own case.</remarks>
internal static class RegistrationFault
{
    internal const string RetryAfter = "Retry-After";
    internal const string RetryAfterOfNode = "retry-after";

    internal static AmqpError Of(HubError error, ProvisioningOptions options, TimeProvider time)
    {
        var trackingId = Guid.NewGuid().ToString();
        var info = new AmqpMap();
        info.AddSymbol(AmqpConditions.TrackingIdKey, trackingId);
        info.AddSymbol(AmqpConditions.ErrorCodeKey, error.Code);
        if (error.IsTransient)
        {
            info.AddSymbol(RetryAfter, ErrorAnswer.SecondsOf(error, options.RetryAfter));
            info.AddSymbol(RetryAfterOfNode, ErrorAnswer.SecondsOf(error, options.RetryAfter));
        }

        return new AmqpError { Condition = ConditionOf(error), Description = Encoding.UTF8.GetString(ErrorAnswer.Encode(error, trackingId, time.GetUtcNow())), Info = info };
    }

    internal static int SecondsOf(ProvisioningOptions options) => (int)Math.Ceiling(options.RetryAfter.TotalSeconds);

    private static string ConditionOf(HubError error) => error.HttpStatus switch
    {
        401 => AmqpConditions.UnauthorizedAccess,
        404 => AmqpConditions.NotFound,
        413 => AmqpConditions.MessageSizeExceeded,
        429 => AmqpConditions.DeviceContainerThrottled,
        < 500 => AmqpConditions.ArgumentError,
        _ => AmqpConditions.InternalError,
    };
}
