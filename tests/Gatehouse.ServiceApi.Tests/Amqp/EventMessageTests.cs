using System.Diagnostics;
using System.Text;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.ServiceApi.Amqp.Events;
using Gatehouse.Streams.Log;
using Gatehouse.Wire.Amqp;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.ServiceApi.Tests.Amqp;

public sealed class EventMessageTests
{
    private const string AuthMethod = """{"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}""";

    private static readonly AmqpTimestamp EnqueuedTime = new(RecordBuilder.Enqueued.ToUnixTimeMilliseconds());

    [Fact]
    public void Annotations_have_the_names_and_types_that_clients_insist_on()
    {
        var message = Encode(new RecordBuilder()
            .Add(EventField.ConnectionDeviceId, "dev")
            .Add(EventField.ConnectionModuleId, "mod")
            .Add(EventField.ConnectionAuthMethod, AuthMethod)
            .Add(EventField.ConnectionAuthGenerationId, "638")
            .Add(EventField.MessageSource, "Telemetry")
            .Add(EventField.ModelId, "dtmi:a;1")
            .Add(EventField.Subject, "component")
            .Add(EventField.InterfaceId, "interface")
            .Add(EventField.CreationTimeUtc, "2026-11-24T07:00:00Z")
            .Build(1_234_567));

        Assert.Equal(
            [
                ("x-opt-sequence-number", 1_234_567L),
                ("x-opt-offset", "1234567"),
                ("x-opt-enqueued-time", EnqueuedTime),
                ("iothub-enqueuedtime", EnqueuedTime),
                ("x-opt-partition-key", "dev"),
                ("iothub-connection-device-id", "dev"),
                ("iothub-connection-module-id", "mod"),
                ("iothub-connection-auth-method", AuthMethod),
                ("iothub-connection-auth-generation-id", "638"),
                ("iothub-message-source", "Telemetry"),
                ("iothub-creation-time-utc", "2026-11-24T07:00:00Z"),
                ("iothub-interface-id", "interface"),
                ("dt-subject", "component"),
                ("dt-dataschema", (object?)"dtmi:a;1"),
            ],
            message.Annotations.Select(static pair => (((Symbol)pair.Key).Value, pair.Value)));
    }

    [Fact]
    public void Properties_are_in_their_places_and_of_their_types()
    {
        var message = Encode(new RecordBuilder()
            .Add(EventField.MessageId, "m1")
            .Add(EventField.CorrelationId, "c1")
            .Add(EventField.UserId, "user")
            .Add(EventField.To, "/devices/dev/messages/events")
            .Add(EventField.ContentType, "application/json")
            .Add(EventField.ContentEncoding, "utf-8")
            .Add(EventField.AbsoluteExpiryTime, "2026-11-25T08:00:00.5Z")
            .Build());

        Assert.Equal(
            ["m1", "user"u8.ToArray(), "/devices/dev/messages/events", null, null, "c1", new Symbol("application/json"), new Symbol("utf-8"), new AmqpTimestamp(1_795_593_600_500)],
            message.Properties);
    }

    [Theory]
    [InlineData("2026-11-25T08:00:00.0000000Z", 1_795_593_600_000)]
    [InlineData("2026-11-25T09:00:00+01:00", 1_795_593_600_000)]
    [InlineData("2026-11-25T08:00:00", 1_795_593_600_000)]
    public void An_expiry_time_is_read_in_the_forms_that_devices_write(string text, long milliseconds)
    {
        Assert.Equal(new AmqpTimestamp(milliseconds), Encode(new RecordBuilder().Add(EventField.AbsoluteExpiryTime, text).Build()).Properties[8]);
    }

    [Theory]
    [InlineData("tomorrow")]
    [InlineData("0000000000000000000000000000000000000000000000000000")]
    public void An_expiry_time_that_is_none_is_left_out(string text)
    {
        Assert.Null(Encode(new RecordBuilder().Add(EventField.AbsoluteExpiryTime, text).Build()).Properties[8]);
    }

    [Fact]
    public void A_bare_event_has_annotations_and_body_only()
    {
        var message = Encode(new RecordBuilder().Build(body: []));

        Assert.Equal([Descriptors.MessageAnnotations, Descriptors.Data], message.Order);
        Assert.Empty(message.Body);
        Assert.Equal(4, message.Annotations.Count);
    }

    [Fact]
    public void Sections_are_in_the_order_of_the_standard()
    {
        var message = Encode(new RecordBuilder().Application("a", "b").Add(EventField.MessageId, "1").Build(), withMetric: true);

        Assert.Equal(
            [Descriptors.DeliveryAnnotations, Descriptors.MessageAnnotations, Descriptors.Properties, Descriptors.ApplicationProperties, Descriptors.Data],
            message.Order);
    }

    [Fact]
    public void The_body_is_exactly_what_the_device_sent()
    {
        var body = new byte[262_144];
        new Random(7).NextBytes(body);

        Assert.Equal(body, Encode(new RecordBuilder().Add(EventField.ConnectionDeviceId, "dev").Build(body: body)).Body);
    }

    [Fact]
    public void Application_properties_keep_their_order_and_nulls()
    {
        var message = Encode(new RecordBuilder().Application("b", "1").ApplicationNull("a").Application("c", "").Build());

        Assert.Equal([new("b", "1"), new("a", null), new KeyValuePair<object, object?>("c", "")], message.Application);
    }

    [Fact]
    public void System_properties_that_readers_look_for_among_the_application_properties_are_there()
    {
        var message = Encode(new RecordBuilder().Add(EventField.MessageSchema, "s").Add(EventField.Operation, "o").Add(EventField.MessageType, "Will").Build());

        Assert.Equal([new("iothub-message-schema", "s"), new("iothub-operation", "o"), new KeyValuePair<object, object?>("iothub-MessageType", "Will")], message.Application);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100)]
    public void A_name_that_occurs_twice_has_its_last_value_and_occurs_once(int others)
    {
        var record = new RecordBuilder().Application("twice", "first").Add(EventField.MessageSchema, "system").Add(EventField.MessageId, "old");
        for (var i = 0; i < others; i++)
        {
            record.Application($"k{i}", "v");
        }

        var message = Encode(record.Application("twice", "last").Application("iothub-message-schema", "own").Add(EventField.MessageId, "new").Build());

        Assert.Equal("last", DecodedMessage.Get(message.Application, "twice"));
        Assert.Equal("own", DecodedMessage.Get(message.Application, "iothub-message-schema"));
        Assert.Equal(others + 2, message.Application.Select(static pair => pair.Key).Distinct().Count());
        Assert.Equal(others + 2, message.Application.Count);
        Assert.Equal("new", message.Properties[0]);
    }

    [Fact]
    public void Text_that_is_not_utf8_becomes_text_that_strict_readers_take()
    {
        byte[] broken = [(byte)'a', 0xff, (byte)'b'];
        var message = Encode(new RecordBuilder()
            .Add(EventField.MessageId, broken)
            .Add(EventField.ContentType, "tëxt")
            .Add(EventField.Subject, broken)
            .Add(EventField.UserId, broken)
            .Build());

        Assert.Equal("a\ufffdb", message.Properties[0]);
        Assert.Equal(broken, message.Properties[1]);
        Assert.Equal(new Symbol("t?xt"), message.Properties[6]);
        Assert.Equal("a\ufffdb", DecodedMessage.Get(message.Annotations, "dt-subject"));
    }

    [Fact]
    public void Delivery_annotations_tell_the_end_of_the_partition_when_asked_for()
    {
        var message = Encode(new RecordBuilder().Build(), withMetric: true);

        Assert.Equal(
            [
                ("last_enqueued_sequence_number", 99L),
                ("last_enqueued_offset", "99"),
                ("last_enqueued_time_utc", EnqueuedTime),
                ("runtime_info_retrieval_time_utc", (object?)new AmqpTimestamp(RecordBuilder.Enqueued.AddHours(1).ToUnixTimeMilliseconds())),
            ],
            message.DeliveryAnnotations.Select(static pair => (((Symbol)pair.Key).Value, pair.Value)));
    }

    [Fact]
    public void Work_does_not_grow_with_the_square_of_what_a_device_sends()
    {
        var record = new RecordBuilder();
        for (var i = 0; i < 60_000; i++)
        {
            record.Application($"k{i}", "");
        }

        var stored = record.Build();
        var started = Stopwatch.GetTimestamp();
        EventMessage.Write(new AmqpBuffer(), stored, default);

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(15), "60,000 names were compared with each other");
    }

    [Fact]
    public void An_ordinary_event_is_encoded_without_allocating()
    {
        var stored = new RecordBuilder().Add(EventField.ConnectionDeviceId, "dev").Add(EventField.MessageId, "1").Application("a", "b").Application("c", "d").Build();
        var buffer = new AmqpBuffer();
        EventMessage.Write(buffer, stored, default);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            buffer.Clear();
            EventMessage.Write(buffer, stored, default);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_message_is_appended_to_what_is_there()
    {
        var buffer = new AmqpBuffer();
        buffer.Write("x"u8);
        EventMessage.Write(buffer, new RecordBuilder().Build(), default);

        Assert.Equal("body", Encoding.UTF8.GetString(new DecodedMessage(buffer.Written[1..]).Body));
    }

    private static DecodedMessage Encode(StoredEvent stored, bool withMetric = false)
    {
        var buffer = new AmqpBuffer();
        var metric = new RuntimeMetric(new FakeTimeProvider(RecordBuilder.Enqueued.AddHours(1)));
        metric.Update(new PartitionState(0, 99, RecordBuilder.Enqueued));
        EventMessage.Write(buffer, stored, withMetric ? metric.Section : default);
        return new DecodedMessage(buffer.Written);
    }
}
