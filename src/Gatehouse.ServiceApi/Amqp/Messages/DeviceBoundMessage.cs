using System.Buffers;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.ServiceApi.Amqp.Messages;

/// <summary>A message to a device, as a back end sent it over AMQP. Pure.</summary>
/// <param name="Device">Whom its <c>to</c> names.</param>
/// <param name="AsWritten">The same without decoding: Node and C# encode the id, azure-iot-cli does not. Null when that is no id.</param>
/// <param name="Message">What it says.</param>
/// <remarks>Source: service-plane §7.2 of the wire reference.</remarks>
internal sealed record DeviceBoundMessage(DeviceId Device, DeviceId? AsWritten, CloudMessage Message)
{
    internal static Result<DeviceBoundMessage> Read(in IncomingMessage incoming)
    {
        if (incoming.Format != 0)
        {
            return HubErrors.ArgumentInvalid.With("Messages to devices come one by one, not in batches.");
        }

        var made = new Builder();
        var sections = new MessageReader(incoming.Bytes.Span);
        while (sections.Read())
        {
            if (made.Add(sections.Section, sections.Value) is { } fault)
            {
                return fault;
            }
        }

        return sections.Fault == AmqpFault.None ? made.Build() : Malformed;
    }

    private static HubError Malformed => HubErrors.ArgumentInvalid.With("The message is not encoded as AMQP 1.0 has it.");

    private sealed class Builder
    {
        private readonly Dictionary<string, string?> properties = new(StringComparer.Ordinal);
        private readonly ArrayBufferWriter<byte> body = new();
        private CloudMessage message = new();
        private string? to;

        internal HubError? Add(ulong section, ReadOnlySpan<byte> value)
        {
            switch (section)
            {
                case Descriptors.Properties:
                    return AddProperties(value);
                case Descriptors.ApplicationProperties:
                    return AddApplication(value);
                case Descriptors.Data when MessageBody.TryReadData(value, out var data):
                    body.Write(data);
                    return null;
                case Descriptors.AmqpValue when MessageBody.TryReadValue(value, out var single):
                    body.Write(single);
                    return null;
                case Descriptors.Data or Descriptors.AmqpValue or Descriptors.AmqpSequence:
                    return HubErrors.ArgumentInvalid.With("The body of the message must be data sections, or a string or binary value.");
                default:
                    return null;
            }
        }

        internal Result<DeviceBoundMessage> Build()
        {
            if (to is null || !AmqpAddress.TryParse(to, out var address))
            {
                return HubErrors.ArgumentInvalid.With("The message must name its device: to = /devices/{id}/messages/devicebound.");
            }

            if (address!.Matches("devices", "*", "modules", "*", "messages", "devicebound"))
            {
                return HubErrors.InvalidOperation.With("Messages go to devices; a module has no queue.");
            }

            if (!address.Matches("devices", "*", "messages", "devicebound") || !DeviceId.TryParse(address.Segments[1], out var device))
            {
                return HubErrors.ArgumentInvalid.With("The message must name its device: to = /devices/{id}/messages/devicebound.");
            }

            DeviceId? raw = DeviceId.TryParse(address.RawSegments[1], out var asWritten) ? asWritten : null;
            return new DeviceBoundMessage(device, raw, message with { Properties = [.. properties], Body = body.WrittenMemory });
        }

        private HubError? AddProperties(ReadOnlySpan<byte> value)
        {
            if (!PropertiesReader.TryRead(value, out var read, out _))
            {
                return Malformed;
            }

            to = Text(read.To);
            message = message with
            {
                MessageId = Text(read.MessageId),
                CorrelationId = Text(read.CorrelationId),
                UserId = Text(read.UserId),
                ContentType = Text(read.ContentType),
                ContentEncoding = Text(read.ContentEncoding),
                ExpiresAt = read.AbsoluteExpiryTime is { } expiry ? TimeOf(expiry) : null,
            };
            return null;
        }

        private HubError? AddApplication(ReadOnlySpan<byte> value)
        {
            var pairs = new MapReader(value);
            while (pairs.Read())
            {
                var name = Encoding.UTF8.GetString(pairs.Key);
                if (!TryFormat(pairs, out var text))
                {
                    return HubErrors.ArgumentInvalid.With("A property of the message is neither text nor a number, truth value, id or time.");
                }

                if (AddPair(name, text) is { } fault)
                {
                    return fault;
                }
            }

            return pairs.Fault == AmqpFault.None ? null : Malformed;
        }

        private HubError? AddPair(string name, string? value)
        {
            switch (name)
            {
                case "iothub-ack":
                    var acknowledgement = AcknowledgementWords.Parse(value);
                    message = message with { Acknowledgement = acknowledgement.IsOk ? acknowledgement.Value : default };
                    return acknowledgement.Error;
                case "iothub-message-schema":
                    message = message with { MessageSchema = value };
                    return null;
                case "iothub-creation-time-utc":
                    message = message with { CreationTimeUtc = value };
                    return null;
                case "iothub-operation":
                    message = message with { Operation = value };
                    return null;
                default:
                    properties[name] = value;
                    return null;
            }
        }

        private static bool TryFormat(in MapReader pair, out string? text)
        {
            text = null;
            if (pair.IsNull)
            {
                return true;
            }

            if (pair.TryGetString(out var utf8))
            {
                text = Encoding.UTF8.GetString(utf8);
                return true;
            }

            var buffer = new byte[pair.MaxTextBytes];
            var isText = pair.TryFormatValue(buffer, out var written, out _);
            text = isText ? Encoding.UTF8.GetString(buffer, 0, written) : null;
            return isText;
        }

        private static string? Text(ReadOnlySpan<byte> utf8) => utf8.IsEmpty ? null : Encoding.UTF8.GetString(utf8);

        private static string? Text(MessageId id)
        {
            if (id.Kind == MessageIdKind.None)
            {
                return null;
            }

            var buffer = new byte[id.MaxTextBytes];
            return Encoding.UTF8.GetString(buffer, 0, id.FormatTo(buffer));
        }

        private static DateTimeOffset TimeOf(long unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(
            Math.Clamp(unixMilliseconds, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
    }
}
