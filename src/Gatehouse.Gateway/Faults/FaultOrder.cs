using System.Globalization;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Gateway.Faults;

/// <summary>A fault that a device orders with four properties of a message, so that its own recovery can be tested.</summary>
/// <param name="Type">What happens.</param>
/// <param name="CloseReason">The client's own words; they go back with the error.</param>
/// <param name="Delay">Until it happens. 0–10 min, default 1 s.</param>
/// <param name="Duration">How long refusals last. 0–10 min, default 5 s.</param>
internal sealed record FaultOrder(FaultType Type, string CloseReason, TimeSpan Delay, TimeSpan Duration)
{
    private const int MaxReasonCharacters = 200;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>Whether operations are refused for a while; the others cut something once.</summary>
    internal bool IsRefusal => Type is FaultType.InvokeThrottling or FaultType.InvokeMaxMessageQuota or FaultType.InvokeAuthError;

    /// <summary>What refused operations are told; of a fault that cuts something, why.</summary>
    internal HubError Error => Type switch
    {
        FaultType.InvokeThrottling => HubErrors.ThrottlingException,
        FaultType.InvokeMaxMessageQuota => HubErrors.IotHubQuotaExceeded,
        FaultType.InvokeAuthError => HubErrors.IotHubUnauthorized,
        _ => HubErrors.ConnectionForcefullyClosedOnFaultInjection.With(CloseReason.Length > 0 ? CloseReason : HubErrors.ConnectionForcefullyClosedOnFaultInjection.Message),
    };

    /// <summary>Reads the order from the head of a message's event record; null when it has none, or one that is not known.</summary>
    internal static FaultOrder? Read(ReadOnlySpan<byte> head)
    {
        FaultType? type = null;
        var (reason, delay, duration) = ("", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        var fields = new EventReader(head);
        while (fields.Read())
        {
            if (fields.Field != EventField.Application || !fields.Key.StartsWith("AzIoTHub_FaultOperation"u8))
            {
                continue;
            }

            var value = fields.Value;
            switch (fields.Key["AzIoTHub_FaultOperation".Length..])
            {
                case var name when name.SequenceEqual("Type"u8):
                    type = Enum.TryParse<FaultType>(Encoding.UTF8.GetString(value), ignoreCase: true, out var known) && Enum.IsDefined(known) ? known : null;
                    break;
                case var name when name.SequenceEqual("CloseReason"u8):
                    reason = Text(value);
                    break;
                case var name when name.SequenceEqual("DelayInSecs"u8):
                    delay = Seconds(value, delay);
                    break;
                case var name when name.SequenceEqual("DurationInSecs"u8):
                    duration = Seconds(value, duration);
                    break;
                default:
                    break;
            }
        }

        return type is { } ordered ? new FaultOrder(ordered, reason, delay, duration) : null;
    }

    private static string Text(ReadOnlySpan<byte> value)
    {
        var text = Encoding.UTF8.GetString(value);
        return text.Length <= MaxReasonCharacters ? text : text[..MaxReasonCharacters];
    }

    private static TimeSpan Seconds(ReadOnlySpan<byte> value, TimeSpan otherwise) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds >= 0 && seconds <= Longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : otherwise;
}
