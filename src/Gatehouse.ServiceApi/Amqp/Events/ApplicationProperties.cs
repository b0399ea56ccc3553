using System.Text;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.ServiceApi.Amqp.Events;

/// <summary>The application properties of one stored record as a map; a name that occurs twice has its last value, for a map with two equal keys is none.</summary>
internal static class ApplicationProperties
{
    // Up to here each name is compared with those after it; beyond, a device could make a reader's work grow with the square of what it sends.
    private const int MaxCompared = 32;

    /// <summary>Whether readers find the field among the application properties.</summary>
    internal static bool IsOne(EventField field) => field is EventField.Application or EventField.ApplicationNull || NameOf(field).Length > 0;

    /// <summary>Writes the section; nothing when there are none.</summary>
    internal static void Write(AmqpWriter writer, EventReader record, int count)
    {
        if (count == 0)
        {
            return;
        }

        writer.Descriptor(Descriptors.ApplicationProperties);
        var map = writer.BeginMap();
        writer.EndMap(map, 2 * (count <= MaxCompared ? WriteFew(writer, record) : WriteMany(writer, record)));
    }

    private static int WriteFew(AmqpWriter writer, EventReader record)
    {
        var written = 0;
        while (record.Read())
        {
            if (IsOne(record.Field) && !OccursAgain(record, KeyOf(record)))
            {
                WritePair(writer, record);
                written++;
            }
        }

        return written;
    }

    private static int WriteMany(AmqpWriter writer, EventReader record)
    {
        var last = new Dictionary<string, int>(StringComparer.Ordinal);
        var walk = record;
        for (var i = 0; walk.Read(); i++)
        {
            if (IsOne(walk.Field))
            {
                last[Encoding.UTF8.GetString(KeyOf(walk))] = i;
            }
        }

        for (var i = 0; record.Read(); i++)
        {
            if (IsOne(record.Field) && last[Encoding.UTF8.GetString(KeyOf(record))] == i)
            {
                WritePair(writer, record);
            }
        }

        return last.Count;
    }

    // The reader is a copy: walking it does not move the caller's.
    private static bool OccursAgain(EventReader rest, ReadOnlySpan<byte> key)
    {
        while (rest.Read())
        {
            if (IsOne(rest.Field) && KeyOf(rest).SequenceEqual(key))
            {
                return true;
            }
        }

        return false;
    }

    private static void WritePair(AmqpWriter writer, in EventReader record)
    {
        AmqpText.String(writer, KeyOf(record));
        if (record.Field == EventField.ApplicationNull)
        {
            writer.Null();
        }
        else
        {
            AmqpText.String(writer, record.Value);
        }
    }

    private static ReadOnlySpan<byte> KeyOf(in EventReader record) =>
        record.Field is EventField.Application or EventField.ApplicationNull ? record.Key : NameOf(record.Field);

    private static ReadOnlySpan<byte> NameOf(EventField field) => field switch
    {
        EventField.MessageSchema => "iothub-message-schema"u8,
        EventField.Operation => "iothub-operation"u8,
        EventField.MessageType => "iothub-MessageType"u8,
        _ => default,
    };
}
