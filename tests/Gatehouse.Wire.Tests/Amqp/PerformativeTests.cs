using CsCheck;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Wire.Tests.Amqp;

public sealed class PerformativeTests
{
    private delegate void Write<T>(T value, AmqpWriter writer);

    private delegate bool Read<T>(ReadOnlySpan<byte> body, out T? value, out AmqpFault fault);

    [Fact]
    public void Open_is_read_as_written() => RoundTrip(Performatives.Opens, static (value, writer) => value.Write(writer), Open.TryRead);

    [Fact]
    public void Begin_is_read_as_written() => RoundTrip(Performatives.Begins, static (value, writer) => value.Write(writer), Begin.TryRead);

    [Fact]
    public void Attach_is_read_as_written() => RoundTrip(Performatives.Attaches, static (value, writer) => value.Write(writer), Attach.TryRead);

    [Fact]
    public void Terminus_is_read_as_written() => RoundTrip(Performatives.Termini, static (value, writer) => value.Write(writer), Terminus.TryRead);

    [Fact]
    public void Flow_is_read_as_written() => RoundTrip(Performatives.Flows, static (value, writer) => value.Write(writer), Flow.TryRead);

    [Fact]
    public void Disposition_is_read_as_written() => RoundTrip(Performatives.Dispositions, static (value, writer) => value.Write(writer), Disposition.TryRead);

    [Fact]
    public void Detach_is_read_as_written() => RoundTrip(Performatives.Detaches, static (value, writer) => value.Write(writer), Detach.TryRead);

    [Fact]
    public void End_is_read_as_written() => RoundTrip(Performatives.Ends, static (value, writer) => value.Write(writer), End.TryRead);

    [Fact]
    public void Close_is_read_as_written() => RoundTrip(Performatives.Closes, static (value, writer) => value.Write(writer), Close.TryRead);

    [Fact]
    public void Error_is_read_as_written() => RoundTrip(Performatives.Errors, static (value, writer) => value.Write(writer), AmqpError.TryRead);

    [Fact]
    public void Sasl_mechanisms_are_read_as_written() => RoundTrip(Performatives.Mechanisms, static (value, writer) => value.Write(writer), SaslMechanisms.TryRead);

    [Fact]
    public void Sasl_init_is_read_as_written() => RoundTrip(Performatives.Inits, static (value, writer) => value.Write(writer), SaslInit.TryRead);

    [Fact]
    public void Sasl_challenge_is_read_as_written() => RoundTrip(Performatives.Challenges, static (value, writer) => value.Write(writer), SaslChallenge.TryRead);

    [Fact]
    public void Sasl_response_is_read_as_written() => RoundTrip(Performatives.Responses, static (value, writer) => value.Write(writer), SaslResponse.TryRead);

    [Fact]
    public void Sasl_outcome_is_read_as_written() => RoundTrip(Performatives.Outcomes, static (value, writer) => value.Write(writer), SaslOutcome.TryRead);

    [Fact]
    public void A_body_is_one_performative_and_its_code_is_seen_first()
    {
        byte[] body = [.. Encoded.Described(0x17, 0x45), 0x40];

        Assert.True(Performative.TryReadCode(body, out var code));
        Assert.Equal(Descriptors.End, code);
        Assert.False(End.TryRead(body, out _, out var fault));
        Assert.Equal(AmqpFault.TrailingBytes, fault);
        Assert.False(Close.TryRead(body, out _, out fault));
        Assert.Equal(AmqpFault.UnknownPerformative, fault);
        Assert.False(Performative.TryReadCode([0x53, 0x17], out _));
    }

    [Theory]
    [InlineData("open", Descriptors.Open)]
    [InlineData("begin", Descriptors.Begin)]
    [InlineData("attach", Descriptors.Attach)]
    [InlineData("flow", Descriptors.Flow)]
    [InlineData("transfer", Descriptors.Transfer)]
    [InlineData("disposition", Descriptors.Disposition)]
    [InlineData("detach", Descriptors.Detach)]
    [InlineData("end", Descriptors.End)]
    [InlineData("close", Descriptors.Close)]
    [InlineData("error", Descriptors.Error)]
    [InlineData("received", Descriptors.Received)]
    [InlineData("accepted", Descriptors.Accepted)]
    [InlineData("rejected", Descriptors.Rejected)]
    [InlineData("released", Descriptors.Released)]
    [InlineData("modified", Descriptors.Modified)]
    [InlineData("source", Descriptors.Source)]
    [InlineData("target", Descriptors.Target)]
    [InlineData("coordinator", Descriptors.Coordinator)]
    [InlineData("sasl-mechanisms", Descriptors.SaslMechanisms)]
    [InlineData("sasl-init", Descriptors.SaslInit)]
    [InlineData("sasl-challenge", Descriptors.SaslChallenge)]
    [InlineData("sasl-response", Descriptors.SaslResponse)]
    [InlineData("sasl-outcome", Descriptors.SaslOutcome)]
    [InlineData("header", Descriptors.Header)]
    [InlineData("properties", Descriptors.Properties)]
    [InlineData("amqp-sequence", Descriptors.AmqpSequence)]
    [InlineData("delivery-annotations:map", Descriptors.DeliveryAnnotations)]
    [InlineData("message-annotations:map", Descriptors.MessageAnnotations)]
    [InlineData("application-properties:map", Descriptors.ApplicationProperties)]
    [InlineData("footer:map", Descriptors.Footer)]
    [InlineData("data:binary", Descriptors.Data)]
    [InlineData("amqp-value:*", Descriptors.AmqpValue)]
    [InlineData("opens", Descriptors.Unknown)]
    [InlineData("header:map", Descriptors.Unknown)]
    [InlineData("", Descriptors.Unknown)]
    public void Symbolic_descriptors_mean_the_same(string name, ulong expected)
    {
        var symbol = "amqp:" + name + (name.Contains(':', StringComparison.Ordinal) ? string.Empty : ":list");

        Assert.True(new AmqpReader([0x00, .. Encoded.Symbol(symbol), 0x45]).TryReadDescriptor(out var code));
        Assert.Equal(expected, code);
        Assert.True(new AmqpReader(Encoded.By(writer => { writer.Raw([0]); writer.Symbol("x" + symbol); writer.Null(); })).TryReadDescriptor(out code));
        Assert.Equal(Descriptors.Unknown, code);
    }

    [Fact]
    public void Fields_beyond_the_known_ones_are_checked_and_passed_over()
    {
        Assert.True(End.TryRead(Encoded.Described(0x17, Encoded.List32([0x40], Encoded.String("more"))), out var end, out _));
        Assert.Null(end.Error);
        Assert.False(End.TryRead(Encoded.Described(0x17, Encoded.List32([0x40], [0xa1, 1, 0xff])), out _, out var fault));
        Assert.Equal(AmqpFault.InvalidText, fault);
    }

    private static void RoundTrip<T>(Gen<T> values, Write<T> write, Read<T> read) => values.Sample(
        value =>
        {
            var bytes = Encoded.By(writer => write(value, writer));

            Assert.True(read(bytes, out var back, out var fault), fault.Describe());
            Assert.Equal(Trees.Describe(value), Trees.Describe(back));
            Assert.Equal(AmqpFault.None, fault);
            for (var length = 0; length < bytes.Length; length += 1 + (length / 64))
            {
                Assert.False(read(bytes.AsSpan(0, length), out _, out fault));
                Assert.NotEqual(AmqpFault.None, fault);
            }
        },
        iter: 200);
}
