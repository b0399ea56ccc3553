using Gatehouse.Transport.Amqp;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Transport.Tests.Amqp;

public sealed class AmqpNegotiationTests
{
    private static readonly byte[] Amqp = ProtocolHeader.Amqp.ToArray();
    private static readonly byte[] Sasl = ProtocolHeader.Sasl.ToArray();

    [Fact]
    public async Task Nothing_is_written_before_the_client_s_header()
    {
        await using var driver = AmqpDriver.Start();

        await driver.SendBytesAsync(Amqp[..7]);
        await Task.Delay(50, TestContext.Current.CancellationToken);

        Assert.False(driver.Connection.FromServer.TryRead(out _));
    }

    [Fact]
    public async Task A_header_that_comes_byte_by_byte_is_answered_once()
    {
        await using var driver = AmqpDriver.Start();

        foreach (var one in Amqp)
        {
            await driver.SendBytesAsync([one]);
        }

        Assert.Equal(Amqp, await driver.ReadBytesAsync(8));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("AMQP\0\0\u0009\u0001")]
    [InlineData("AMQP\u0002\u0001\0\0")]
    public async Task Another_protocol_is_told_what_is_spoken_here_and_closed(string header)
    {
        await using var driver = AmqpDriver.Start();

        await driver.SendBytesAsync(System.Text.Encoding.Latin1.GetBytes(header));

        Assert.Equal(Amqp, await driver.ReadBytesAsync(8));
        await driver.Running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("ANONYMOUS", null, false)]
    [InlineData("MSSBCBS", null, false)]
    [InlineData("PLAIN", "\0d1@sas.hub\0good token", true)]
    public async Task Sasl_then_amqp_on_one_port(string mechanism, string? response, bool isProved)
    {
        await using var driver = AmqpDriver.Start(proofs: new FakeProofs());
        await driver.SendBytesAsync(Sasl);
        Assert.Equal(Sasl, await driver.ReadBytesAsync(8));
        var (_, offer) = await driver.ExpectAsync(Descriptors.SaslMechanisms, AmqpFrame.SaslType);
        Assert.True(SaslMechanisms.TryRead(offer, out var mechanisms, out _));
        Assert.Equal(["MSSBCBS", "PLAIN", "ANONYMOUS"], mechanisms.Mechanisms);

        await driver.SendAsync(0, Init(mechanism, response), AmqpFrame.SaslType);

        Assert.Equal(SaslCode.Ok, await OutcomeAsync(driver));
        Assert.False(driver.Connection.FromServer.TryRead(out _), "after the outcome the client's header comes first");
        Assert.Equal(isProved, driver.Connection.IsAuthenticated);
        await driver.SendBytesAsync(Amqp);
        Assert.Equal(Amqp, await driver.ReadBytesAsync(8));
        await driver.SendAsync(0, new Open { ContainerId = "c" }.Write);
        await driver.ExpectAsync(Descriptors.Open);
    }

    [Theory]
    [InlineData("PLAIN", "\0d1@sas.hub\0bad token")]
    [InlineData("PLAIN", "no nul at all, good")]
    [InlineData("PLAIN", "\0\0good")]
    [InlineData("PLAIN", "\0user\0good\0more")]
    [InlineData("PLAIN", null)]
    [InlineData("EXTERNAL", null)]
    [InlineData("SCRAM-SHA-256", "good")]
    public async Task A_proof_that_fails_gets_outcome_auth_and_the_connection_ends(string mechanism, string? response)
    {
        await using var driver = AmqpDriver.Start(proofs: new FakeProofs());
        await driver.SendBytesAsync(Sasl);
        await driver.ReadBytesAsync(8);
        await driver.ExpectAsync(Descriptors.SaslMechanisms, AmqpFrame.SaslType);

        await driver.SendAsync(0, Init(mechanism, response), AmqpFrame.SaslType);

        Assert.Equal(SaslCode.Auth, await OutcomeAsync(driver));
        await driver.Running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.False(driver.Connection.IsAuthenticated);
        Assert.True(driver.Proofs.IsDisposed);
    }

    [Fact]
    public async Task A_token_longer_than_the_specification_s_512_bytes_is_taken_and_one_past_the_limit_is_not()
    {
        await using var fits = AmqpDriver.Start(new AmqpOptions { MaxSaslFrameBytes = 4096 }, proofs: new FakeProofs());
        await fits.SendBytesAsync(Sasl);
        await fits.ReadBytesAsync(8);
        await fits.ExpectAsync(Descriptors.SaslMechanisms, AmqpFrame.SaslType);
        await fits.SendAsync(0, Init("PLAIN", "\0d1@sas.hub\0good" + new string('x', 3900)), AmqpFrame.SaslType);
        Assert.Equal(SaslCode.Ok, await OutcomeAsync(fits));

        await using var tooLong = AmqpDriver.Start(new AmqpOptions { MaxSaslFrameBytes = 4096 }, proofs: new FakeProofs());
        await tooLong.SendBytesAsync(Sasl);
        await tooLong.ReadBytesAsync(8);
        await tooLong.ExpectAsync(Descriptors.SaslMechanisms, AmqpFrame.SaslType);
        await tooLong.SendAsync(0, Init("PLAIN", "\0d1@sas.hub\0good" + new string('x', 4100)), AmqpFrame.SaslType);
        await tooLong.Running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.False(tooLong.Connection.IsAuthenticated);
    }

    [Fact]
    public async Task An_amqp_frame_in_the_place_of_sasl_init_ends_the_connection()
    {
        await using var driver = AmqpDriver.Start();
        await driver.SendBytesAsync(Sasl);
        await driver.ReadBytesAsync(8);
        await driver.ExpectAsync(Descriptors.SaslMechanisms, AmqpFrame.SaslType);

        await driver.SendAsync(0, new Open { ContainerId = "c" }.Write);

        await driver.Running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    private static AmqpDriver.FrameBody Init(string mechanism, string? response) =>
        new SaslInit { Mechanism = mechanism, InitialResponse = response is null ? null : System.Text.Encoding.UTF8.GetBytes(response) }.Write;

    private static async Task<SaslCode> OutcomeAsync(AmqpDriver driver)
    {
        var (_, body) = await driver.ExpectAsync(Descriptors.SaslOutcome, AmqpFrame.SaslType);
        Assert.True(SaslOutcome.TryRead(body, out var outcome, out _));
        return outcome.Code;
    }
}
