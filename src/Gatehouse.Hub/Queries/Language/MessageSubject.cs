using System.Globalization;
using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>A message on its way through routes. One subject serves one worker, message after message: what does not look at the body allocates nothing.</summary>
/// <remarks>Source: IoT Hub "Message routing query syntax" page.</remarks>
public sealed class MessageSubject : Subject, IDisposable
{
    private ReadOnlyMemory<byte> record;
    private DateTimeOffset enqueuedTime;
    private JsonDocument? body;
    private bool isBodyRead;

    /// <summary>The sender's twin as the service shows it; null: every <c>$twin</c> path is undefined. To be set for conditions that ask for it (<see cref="Condition.UsesTwin"/>).</summary>
    public JsonElement? Twin { get; set; }

    /// <summary>Takes up the next message and forgets the last, its twin too.</summary>
    /// <param name="eventRecord">As <see cref="EventWriter"/> lays it out; must stay as it is while conditions are asked.</param>
    /// <param name="enqueued">When the hub took it.</param>
    public void Take(ReadOnlyMemory<byte> eventRecord, DateTimeOffset enqueued)
    {
        record = eventRecord;
        enqueuedTime = enqueued;
        Twin = null;
        isBodyRead = false;
        body?.Dispose();
        body = null;
    }

    public void Dispose() => body?.Dispose();

    internal override Value Find(PathExpression path) => path.Root switch
    {
        PathRoot.ApplicationProperty => path.Steps.Count == 1 ? FindApplication(path.Steps[0].Utf8) : Value.Undefined,
        PathRoot.SystemProperty => FindSystem(path),
        PathRoot.EnqueuedTime => Value.Of(enqueuedTime.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture)),
        PathRoot.Body => FindInBody(path.Steps),
        PathRoot.Twin => Twin is { } twin ? Follow(twin, path.Steps, 0) : Value.Undefined,
        _ => Value.Undefined,
    };

    private Value FindSystem(PathExpression path)
    {
        var reader = new EventReader(record.Span);
        while (reader.Read())
        {
            if (reader.Field == path.Field)
            {
                return Slice(reader.Value);
            }
        }

        return Value.Undefined;
    }

    /// <summary>The name in any case of ASCII; the last of several counts.</summary>
    private Value FindApplication(byte[] name)
    {
        var found = Value.Undefined;
        var reader = new EventReader(record.Span);
        while (reader.Read())
        {
            if (reader.Field is EventField.Application or EventField.ApplicationNull && Ascii.EqualsIgnoreCase(reader.Key, name))
            {
                found = reader.Field == EventField.Application ? Slice(reader.Value) : Value.Null;
            }
        }

        return found;
    }

    private Value Slice(ReadOnlySpan<byte> value) =>
        record.Span.Overlaps(value, out var offset) ? Value.Of(record.Slice(offset, value.Length)) : Value.Of(ReadOnlyMemory<byte>.Empty);

    private Value FindInBody(IReadOnlyList<PathStep> steps)
    {
        if (!isBodyRead)
        {
            isBodyRead = true;
            body = MessageBody.Parse(record.Span);
        }

        try
        {
            return body is null ? Value.Undefined : Follow(body.RootElement, steps, 0);
        }
        catch (InvalidOperationException)
        {
            // A key with half a surrogate pair: valid JSON, but no text to compare with.
            return Value.Undefined;
        }
    }
}
