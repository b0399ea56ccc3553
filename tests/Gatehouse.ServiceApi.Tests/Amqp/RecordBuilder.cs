using System.Text;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Streams.Log;

namespace Gatehouse.ServiceApi.Tests.Amqp;

/// <summary>A record as the gateway writes it.</summary>
internal sealed class RecordBuilder
{
    internal static readonly DateTimeOffset Enqueued = new(2026, 11, 24, 8, 0, 0, 123, TimeSpan.Zero);

    private readonly List<(EventField Field, byte[] Key, byte[] Value)> fields = [];

    internal RecordBuilder Add(EventField field, string value) => Add(field, Encoding.UTF8.GetBytes(value));

    internal RecordBuilder Add(EventField field, byte[] value) => Add(field, [], value);

    internal RecordBuilder Application(string key, string value) => Add(EventField.Application, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));

    internal RecordBuilder ApplicationNull(string key) => Add(EventField.ApplicationNull, Encoding.UTF8.GetBytes(key), []);

    internal StoredEvent Build(long number = 7, byte[]? body = null)
    {
        var writer = new EventWriter(new byte[1 << 20]);
        foreach (var (field, key, value) in fields)
        {
            _ = field switch
            {
                EventField.Application => writer.TryAddApplication(key, value),
                EventField.ApplicationNull => writer.TryAddApplicationNull(key),
                _ => writer.TryAdd(field, value),
            };
        }

        return new StoredEvent(number, Enqueued, (byte[])[.. writer.Complete(), .. body ?? "body"u8.ToArray()]);
    }

    private RecordBuilder Add(EventField field, byte[] key, byte[] value)
    {
        fields.Add((field, key, value));
        return this;
    }
}
