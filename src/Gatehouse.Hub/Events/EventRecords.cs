using Gatehouse.Contracts.Telemetry;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Events;

/// <summary>Turns stored records into events. Pure.</summary>
internal static class EventRecords
{
    /// <summary>Whether a record is of this device (and module). Empty means any.</summary>
    internal static bool IsFrom(ReadOnlySpan<byte> record, ReadOnlySpan<byte> device, ReadOnlySpan<byte> module)
    {
        if (device.IsEmpty)
        {
            return true;
        }

        var (deviceMatches, moduleMatches) = (false, module.IsEmpty);
        var reader = new EventReader(record);
        while (reader.Read())
        {
            deviceMatches |= reader.Field == EventField.ConnectionDeviceId && reader.Value.SequenceEqual(device);
            moduleMatches |= reader.Field == EventField.ConnectionModuleId && reader.Value.SequenceEqual(module);
        }

        return deviceMatches && moduleMatches;
    }

    internal static HubEvent Read(int partition, StoredEvent stored)
    {
        var properties = new List<KeyValuePair<string, string>>();
        var annotations = new List<KeyValuePair<string, string>>();
        var application = new Dictionary<string, string?>(StringComparer.Ordinal);
        string? device = null;
        var reader = new EventReader(stored.Record.Span);
        while (reader.Read())
        {
            if (reader.Field is EventField.Application or EventField.ApplicationNull)
            {
                application[reader.KeyText] = reader.Field == EventField.ApplicationNull ? null : reader.ValueText;
            }
            else if (EventNames.Property(reader.Field) is { } property)
            {
                Put(properties, property, reader.ValueText);
            }
            else if (EventNames.Annotation(reader.Field) is { } annotation)
            {
                Put(annotations, annotation, reader.ValueText);
                device = reader.Field == EventField.ConnectionDeviceId ? reader.ValueText : device;
            }
            else if (EventNames.Application(reader.Field) is { } name)
            {
                application[name] = reader.ValueText;
            }
        }

        return new HubEvent
        {
            Partition = partition,
            SequenceNumber = stored.SequenceNumber,
            EnqueuedTime = stored.EnqueuedTime,
            DeviceId = device,
            Properties = properties,
            Annotations = annotations,
            ApplicationProperties = application,
            Body = stored.Record[^reader.Body.Length..],
        };
    }

    // A device may send a property twice; the last one counts, and a name must not occur twice in an answer.
    private static void Put(List<KeyValuePair<string, string>> list, string name, string value)
    {
        list.RemoveAll(entry => entry.Key == name);
        list.Add(new KeyValuePair<string, string>(name, value));
    }
}
