using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Transport.Tests.Amqp;

public sealed class CbsTests
{
    private const string Good = "SharedAccessSignature good";

    public static TheoryData<object> MessageIds => [77ul, "m-1", Guid.Parse("2f0e5c5a-55f2-4a2b-9d1e-0a4f5c8f0f01"), new byte[] { 1, 2, 3 }, 0ul];

    [Theory]
    [MemberData(nameof(MessageIds))]
    public async Task The_answer_repeats_the_message_id_with_its_type(object id)
    {
        await using var driver = await OpenAsync();

        await driver.SendAsync(0, Request(0, id, Good).Write);

        var answer = await AnswerAsync(driver);
        Assert.Equal(id, answer.CorrelationId);
        Assert.Equal((200L, "OK"), (answer.Status, answer.Description));
        Assert.True(driver.Connection.IsAuthenticated);
    }

    [Fact]
    public async Task A_refused_token_is_401_in_the_catalogue_s_words_and_the_connection_stays()
    {
        await using var driver = await OpenAsync();

        await driver.SendAsync(0, Request(0, "a", "SharedAccessSignature bad").Write);
        var refused = await AnswerAsync(driver);
        await driver.SendAsync(0, Request(1, "b", Good).Write);
        var taken = await AnswerAsync(driver);

        Assert.Equal((401L, "Unauthorized", AmqpConditions.UnauthorizedAccess), (refused.Status, refused.Description, refused.Condition));
        Assert.Equal(200, taken.Status);
    }

    [Theory]
    [InlineData("delete-token", "localhost", Good)]
    [InlineData(null, "localhost", Good)]
    [InlineData("put-token", null, Good)]
    [InlineData("put-token", "localhost", null)]
    [InlineData("put-token", "localhost", "Bearer eyJ")]
    public async Task What_is_no_put_token_of_a_sas_token_is_400(string? operation, string? name, string? token)
    {
        await using var driver = await OpenAsync();

        await driver.SendAsync(0, Request(0, "a", token, operation, name).Write);

        Assert.Equal(400, (await AnswerAsync(driver)).Status);
        Assert.Empty(driver.Proofs.Audiences);
    }

    [Fact]
    public async Task The_name_is_handed_on_as_it_was_written()
    {
        await using var driver = await OpenAsync();

        await driver.SendAsync(0, Request(0, "a", Good, name: "localhost%2Fdevices%2Fd1").Write);

        await AnswerAsync(driver);
        Assert.Equal(["localhost%2Fdevices%2Fd1"], driver.Proofs.Audiences);
    }

    [Fact]
    public async Task An_answer_leaves_on_the_link_that_reply_to_names_else_on_one_of_the_same_session()
    {
        await using var driver = await OpenAsync();
        await driver.SendAsync(1, AmqpDriver.NewBegin().Write);
        await driver.ExpectAsync(Descriptors.Begin);
        await AttachReplyAsync(driver, channel: 1, handle: 5, "cbs-other");

        await driver.SendAsync(0, Request(0, "a", Good, replyTo: "cbs-other").Write);
        Assert.Equal(1, (await AnswerAsync(driver)).Channel);
        await driver.SendAsync(0, Request(1, "b", Good, replyTo: "cbs").Write);
        Assert.Equal(0, (await AnswerAsync(driver)).Channel);
    }

    [Fact]
    public async Task Requests_whose_answers_get_no_credit_are_taken_up_to_a_bound_and_all_answered_in_the_end()
    {
        await using var driver = await OpenAsync(replyCredit: 0);

        for (uint i = 0; i < 60; i++)
        {
            driver.Add(0, Request(i, (ulong)i, Good, settled: true).Write);
        }

        await driver.FlushAsync();
        await Eventually.TrueAsync(() => driver.Proofs.Audiences.Count == 32);
        await Task.Delay(30, TestContext.Current.CancellationToken);
        Assert.Equal(32, driver.Proofs.Audiences.Count);

        await GrantAsync(driver, 0, 1, 100);
        for (uint i = 0; i < 60; i++)
        {
            Assert.Equal((ulong)i, (await AnswerAsync(driver)).CorrelationId);
        }
    }

    [Fact]
    public async Task An_unreadable_request_is_rejected_and_the_link_stays()
    {
        await using var driver = await OpenAsync();

        driver.AddTransfer(0, 0, [0x00, 0x53, 0x74, 0xD1, 0xFF, 0xFF, 0xFF, 0xFF]);
        await driver.FlushAsync();
        var disposition = await driver.ExpectDispositionAsync();
        await driver.SendAsync(0, Request(1, "b", Good).Write);

        Assert.Equal((Outcome.Rejected, AmqpConditions.DecodeError), (disposition.State, disposition.Error?.Condition));
        Assert.Equal(200, (await AnswerAsync(driver)).Status);
    }

    private static async Task<AmqpDriver> OpenAsync(uint replyCredit = 10)
    {
        var driver = await AmqpDriver.OpenAsync(proofs: new FakeProofs());
        await driver.AttachSenderAsync(0, "$cbs");
        await AttachReplyAsync(driver, 0, 1, "cbs-mine", replyCredit);
        return driver;
    }

    private static async Task AttachReplyAsync(AmqpDriver driver, ushort channel, uint handle, string name, uint credit = 10)
    {
        var attach = AmqpDriver.Receiver(handle, "$cbs");
        await driver.SendAsync(channel, new Attach { Name = name, Handle = handle, IsReceiver = true, Source = attach.Source, Target = attach.Target }.Write);
        await driver.ExpectAsync(Descriptors.Attach);
        await GrantAsync(driver, channel, handle, credit);
    }

    private static Task GrantAsync(AmqpDriver driver, ushort channel, uint handle, uint credit) =>
        driver.SendAsync(channel, new Flow { NextIncomingId = 0, IncomingWindow = 1_000, NextOutgoingId = 0, OutgoingWindow = 100, Handle = handle, DeliveryCount = 0, LinkCredit = credit }.Write);

    private static RequestFrame Request(uint deliveryId, object id, string? token, string? operation = "put-token", string? name = "localhost", string? replyTo = null, bool settled = false) =>
        new(deliveryId, id, token, operation, name, replyTo, settled);

    private static async Task<Answer> AnswerAsync(AmqpDriver driver)
    {
        while (true)
        {
            var (_, channel, body) = (await driver.ReadFrameAsync())!.Value;
            if (Performative.TryReadCode(body, out var code) && code == Descriptors.Transfer && Transfer.TryRead(body, out var transfer, out _))
            {
                return Answer.Read(channel, transfer.Payload);
            }

            Assert.True(code is Descriptors.Disposition or Descriptors.Flow, $"0x{code:x}");
        }
    }

    private sealed record RequestFrame(uint DeliveryId, object Id, string? Token, string? Operation, string? Name, string? ReplyTo, bool Settled)
    {
        internal void Write(AmqpWriter writer)
        {
            new Transfer { Handle = 0, DeliveryId = DeliveryId, DeliveryTag = "t"u8, HasTag = true, Settled = Settled }.Write(writer);
            writer.Descriptor(Descriptors.Properties);
            var list = writer.BeginList();
            writer.Object(Id);
            writer.Null();
            writer.Null();
            writer.Null();
            writer.Object(ReplyTo);
            writer.EndList(list, 5);
            writer.Descriptor(Descriptors.ApplicationProperties);
            var map = new AmqpMap();
            map.Add("type", "servicebus.windows.net:sastoken");
            if (Operation is not null)
            {
                map.Add("operation", Operation);
            }

            if (Name is not null)
            {
                map.Add("name", Name);
            }

            writer.Object(map);
            writer.Descriptor(Descriptors.AmqpValue);
            writer.Object(Token);
        }
    }

    private sealed record Answer(ushort Channel, object? CorrelationId, long Status, string? Description, string? Condition)
    {
        internal static Answer Read(ushort channel, ReadOnlySpan<byte> message)
        {
            object? correlation = null;
            AmqpMap? application = null;
            var sections = new MessageReader(message);
            while (sections.Read())
            {
                var value = new AmqpReader(sections.Value);
                Assert.True(value.TryReadObject(out var section));
                correlation = sections.Section == Descriptors.Properties ? ((List<object?>)section!)[5] : correlation;
                application = sections.Section == Descriptors.ApplicationProperties ? (AmqpMap)section! : application;
            }

            Assert.NotNull(application);
            Assert.True(application.TryGetInteger("status-code", out var status));
            Assert.True(application.TryGetText("status-description", out var description));
            return new Answer(channel, correlation, status, description, application.TryGetText("error-condition", out var condition) ? condition : null);
        }
    }
}
