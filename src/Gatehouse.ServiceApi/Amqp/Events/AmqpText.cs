using System.Text;
using System.Text.Unicode;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.ServiceApi.Amqp.Events;

/// <summary>Text that a device sent. Percent-decoded MQTT properties can be any bytes; in an AMQP string they would stop strict readers at this event for good.</summary>
internal static class AmqpText
{
    /// <summary>UTF-8 as it is; anything else with the replacement character where it is broken.</summary>
    internal static void String(AmqpWriter writer, ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
        {
            writer.String(text);
        }
        else
        {
            writer.String(Encoding.UTF8.GetString(text));
        }
    }

    /// <summary>ASCII as it is; a question mark for each other character.</summary>
    internal static void Symbol(AmqpWriter writer, ReadOnlySpan<byte> text)
    {
        if (Ascii.IsValid(text))
        {
            writer.Symbol(text);
        }
        else
        {
            writer.Symbol(Encoding.UTF8.GetString(text));
        }
    }
}
