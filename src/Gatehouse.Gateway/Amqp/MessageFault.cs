using Gatehouse.Contracts.Errors;

namespace Gatehouse.Gateway.Amqp;

/// <summary>Why a message cannot become an event.</summary>
internal enum MessageFault
{
    None,
    Malformed,
    PropertyIsNoText,
    BodyIsNotBytes,
    TooManyInBatch,
    TooLarge,
}

internal static class MessageFaults
{
    /// <summary>What the device is told.</summary>
    internal static HubError ToError(this MessageFault fault) => fault switch
    {
        MessageFault.TooLarge => HubErrors.MessageTooLarge,
        MessageFault.PropertyIsNoText => HubErrors.ArgumentInvalid.With("A property of the message is neither text nor a number, truth value, id or time."),
        MessageFault.BodyIsNotBytes => HubErrors.ArgumentInvalid.With("The body of the message must be data sections, or a string or binary value."),
        MessageFault.TooManyInBatch => HubErrors.ArgumentInvalid.With("The batch holds too many messages."),
        _ => HubErrors.ArgumentInvalid.With("The message is not encoded as AMQP 1.0 has it."),
    };
}
