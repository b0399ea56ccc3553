using System.Buffers;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>Checks a message before it is stored. Pure.</summary>
/// <remarks>Source: IoT Hub "Create and read IoT Hub messages" page: the alphabets of message ids and of property names.</remarks>
internal static class MessageRules
{
    private const int MaxMessageIdCharacters = 128;

    /// <summary>Longest life that a sender may ask for.</summary>
    internal static readonly TimeSpan MaxTimeToLive = TimeSpan.FromDays(2);

    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static readonly SearchValues<char> MessageIdCharacters = SearchValues.Create(Alphanumeric + "-:.+%_#*?!(),=@;$'");
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(Alphanumeric + "!#$%&'*+-.^_`|~");

    internal static HubError? Check(CloudMessage message, CloudToDeviceOptions options)
    {
        if (message.MessageId is { } id && (id.Length > MaxMessageIdCharacters || id.AsSpan().ContainsAnyExcept(MessageIdCharacters)))
        {
            return HubErrors.ArgumentInvalid.With($"A message id has at most {MaxMessageIdCharacters} characters: ASCII letters, digits and - : . + % _ # * ? ! ( ) , = @ ; $ '");
        }

        foreach (var (name, _) in message.Properties)
        {
            if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(NameCharacters))
            {
                return HubErrors.ArgumentInvalid.With("The name of an application property has ASCII letters, digits and ! # $ % & ' * + - . ^ _ ` | ~");
            }
        }

        return MessageContent.SizeOf(message) <= options.MaxMessageBytes
            ? null
            : HubErrors.MessageTooLarge.With($"A message to a device may have {options.MaxMessageBytes} bytes, its properties included.");
    }

    internal static DateTimeOffset ExpiryOf(CloudMessage message, DateTimeOffset now, CloudToDeviceOptions options)
    {
        var latest = now + MaxTimeToLive;
        var wanted = message.ExpiresAt ?? (now + options.DefaultTimeToLive);
        return wanted < latest ? wanted : latest;
    }
}
