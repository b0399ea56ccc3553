using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Gateway.Tests.Amqp;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Registration over AMQP, frame by frame: proofs in SASL and TLS, requests that are accepted and answered or rejected with the service's words.</summary>
public sealed class AmqpRegistrationTests
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;

    [Fact]
    public async Task A_device_with_a_key_proves_itself_by_PLAIN_registers_and_polls()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await using var device = await ConnectedAsync(host, "dev-1");

        var (started, _) = await device.AskAsync("iotdps-register", body: """{"registrationId":"dev-1","payload":{"a":1}}"""u8.ToArray(), correlation: Guid.Empty);
        var operation = JsonNode.Parse(started!.Body!)!["operationId"]!.GetValue<string>();
        Assert.Equal(new MessageBytes().Value(Guid.Empty).ToArray()[^17..], started.CorrelationId);
        Assert.Equal((2, 2), (SecondsOf(started, "Retry-After"), SecondsOf(started, "retry-after")));
        var (done, _) = await device.AskAsync("iotdps-get-operationstatus", operation);
        var (looked, _) = await device.AskAsync("iotdps-get-registration");

        Assert.Empty(done!.Application);
        var outcome = JsonNode.Parse(done.Body!)!;
        Assert.Equal(("assigned", "dev-1", operation), (outcome["status"]!.GetValue<string>(), outcome["registrationState"]!["deviceId"]!.GetValue<string>(), outcome["operationId"]!.GetValue<string>()));
        Assert.Equal("localhost", JsonNode.Parse(looked!.Body!)!["assignedHub"]!.GetValue<string>());
        Assert.NotNull(await host.DeviceAsync("dev-1"));
        Assert.True(device.Connection.IsAuthenticated);
    }

    [Theory]
    [InlineData("iotdps-get-operationstatus", "4.0.0", null, "amqp:not-found", 404202)]
    [InlineData("iotdps-get-registration", null, null, "amqp:not-found", 404202)]
    [InlineData("iotdps-register", null, "{", "com.microsoft:argument-error", 400004)]
    [InlineData("iotdps-register", null, """{"registrationId":"dev-2"}""", "com.microsoft:argument-error", 400004)]
    [InlineData("iotdps-unregister", null, "{}", "com.microsoft:argument-error", 400004)]
    [InlineData(null, null, "{}", "com.microsoft:argument-error", 400004)]
    public async Task What_cannot_be_done_is_rejected_in_the_service_s_words_and_the_link_stays(string? operation, string? id, string? body, string condition, int code)
    {
        await using var host = await ProvisioningHost.StartAsync();
        await using var device = await ConnectedAsync(host, "dev-1");

        var (_, error) = await device.AskAsync(operation, id, body is null ? null : Encoding.UTF8.GetBytes(body));

        Assert.Equal((condition, code), (error!.Condition, JsonNode.Parse(error.Description!)!["errorCode"]!.GetValue<int>()));
        Assert.Equal("assigned", (await device.RegisterAsync())["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_body_may_be_as_large_as_the_limit_and_not_one_byte_more()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await using var device = await ConnectedAsync(host, "dev-1");
        static byte[] Body(int bytes) => Encoding.UTF8.GetBytes($$"""{"payload":"{{new string('x', bytes - 14)}}"}""");

        Assert.NotNull((await device.AskAsync("iotdps-register", body: Body(96 * 1024))).Reply);
        Assert.Equal("amqp:link:message-size-exceeded", (await device.AskAsync("iotdps-register", body: Body((96 * 1024) + 1))).Error!.Condition);
    }

    [Fact]
    public async Task Too_many_registrations_are_told_when_to_come_again()
    {
        await using var host = await ProvisioningHost.StartAsync(options: new ProvisioningOptions { MaxConcurrentRegistrations = 1, MaxWaitingRegistrations = -1 });
        await using var device = await ConnectedAsync(host, "dev-1");

        var (_, error) = await device.AskAsync("iotdps-register", body: "{}"u8.ToArray());

        Assert.Equal("com.microsoft:device-container-throttled", error!.Condition);
        Assert.True(error.Info!.TryGetInteger("Retry-After", out var capital) & error.Info.TryGetInteger("retry-after", out var small));
        Assert.Equal((2, 2), (capital, small));
    }

    [Fact]
    public async Task A_device_with_a_certificate_needs_no_SASL_or_any_that_says_nothing()
    {
        await using var host = await ProvisioningHost.StartAsync();
        using var leaf = TestCertificate.SelfSigned("dev-1");
        await host.EnrollAsync("dev-1", EnrollmentSuite.Clients(leaf.Base64));
        foreach (var mechanism in new[] { null, "EXTERNAL", "ANONYMOUS" })
        {
            await using var device = new AmqpRegistrant(host, leaf.Shown());
            Assert.Equal(SaslCode.Ok, mechanism is null ? SaslCode.Ok : await device.SaslAsync(mechanism, null));
            await device.OpenAsync();

            Assert.Null(await device.AttachAsync($"{host.Instance.IdScope}/registrations/dev-1"));
            Assert.Equal("assigned", (await device.RegisterAsync())["status"]!.GetValue<string>());
        }

        await using var other = new AmqpRegistrant(host, leaf.Shown());
        await other.OpenAsync();
        var refused = await other.AttachAsync($"{host.Instance.IdScope}/registrations/dev-2");
        Assert.Equal(("amqp:unauthorized-access", 401002), (refused!.Condition, JsonNode.Parse(refused.Description!)!["errorCode"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Who_proves_nothing_or_another_registration_gets_no_link_and_no_device()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var key = await EnrolledAsync(host, "dev-1");
        await EnrolledAsync(host, "dev-2");
        var scope = host.Instance.IdScope;
        await using var nobody = new AmqpRegistrant(host);
        await nobody.OpenAsync();
        Assert.Equal("amqp:unauthorized-access", (await nobody.AttachAsync($"{scope}/registrations/dev-1"))!.Condition);
        Assert.Equal(RefusalReason.CredentialMissing, host.Refusals.Last().Reason);

        await using var wrong = new AmqpRegistrant(host);
        Assert.Equal(SaslCode.Auth, await wrong.PlainAsync($"{scope}/registrations/dev-1", host.DeviceToken("dev-1", Convert.ToBase64String(new byte[32]))));
        Assert.Equal((RefusalReason.TokenSignatureWrong, "dev-1"), (host.Refusals.Last().Reason, host.Refusals.Last().Claimed));
        await using var strange = new AmqpRegistrant(host);
        Assert.Equal(SaslCode.Auth, await strange.PlainAsync($"0ne00000000/registrations/dev-1", host.DeviceToken("dev-1", key)));

        await using var device = new AmqpRegistrant(host);
        Assert.Equal(SaslCode.Ok, await device.PlainAsync($"{scope}/registrations/dev-1", host.DeviceToken("dev-1", key)));
        await device.OpenAsync();
        Assert.Equal("amqp:unauthorized-access", (await device.AttachAsync($"{scope}/registrations/dev-2"))!.Condition);
        Assert.Null(await host.DeviceAsync("dev-1") ?? await host.DeviceAsync("dev-2"));
    }

    [Fact]
    public async Task A_device_that_is_blocked_meanwhile_is_refused_at_its_next_request()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await using var device = await ConnectedAsync(host, "dev-1");
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", $$"""{"provisioningStatus":"disabled",{{Keys}}}""", "*")).Code);

        var (_, error) = await device.AskAsync("iotdps-register", body: "{}"u8.ToArray());

        Assert.Equal(("amqp:unauthorized-access", RefusalReason.IdentityDisabled), (error!.Condition, host.Refusals.Single().Reason));
    }

    [Fact]
    public async Task A_connection_has_eight_links_and_not_one_more()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await using var device = await ConnectedAsync(host, "dev-1");
        var address = $"{host.Instance.IdScope}/registrations/dev-1";
        for (var handle = 2u; handle < 8; handle++)
        {
            Assert.Null(await device.AttachAsync(handle, address, isReceiver: handle % 2 == 0));
        }

        Assert.Equal("com.microsoft:device-container-throttled", (await device.AttachAsync(8, address, isReceiver: true))!.Condition);
    }

    [Fact]
    public async Task A_device_is_issued_its_own_certificate_and_none_of_another()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await CertificateIssuanceSuite.PolicyAsync(host);
        await using var device = await ConnectedAsync(host, "dev-1", $"{Keys},\"credentialPolicyName\":\"fleet\"");

        var (_, error) = await device.AskAsync("iotdps-register", body: Encoding.UTF8.GetBytes(CertificateIssuanceSuite.Body(SigningRequests.Good("dev-2"))));
        var (started, _) = await device.AskAsync("iotdps-register", body: Encoding.UTF8.GetBytes(CertificateIssuanceSuite.Body(SigningRequests.Good("dev-1"))));
        var (done, _) = await device.AskAsync("iotdps-get-operationstatus", JsonNode.Parse(started!.Body!)!["operationId"]!.GetValue<string>());

        Assert.Equal(400037, JsonNode.Parse(error!.Description!)!["errorCode"]!.GetValue<int>());
        Assert.Equal(2, JsonNode.Parse(done!.Body!)!["registrationState"]!["issuedCertificateChain"]!.AsArray().Count);
        Assert.Equal(["dev-1"], (await CertificateIssuanceSuite.InventoryAsync(host)).Select(each => each!["registrationId"]!.GetValue<string>()));
    }

    private static int SecondsOf(ReceivedMessage reply, string key) => new AmqpReader(reply.Application[key]).TryReadObject(out var value) ? (int)value! : -1;

    private static async Task<AmqpRegistrant> ConnectedAsync(ProvisioningHost host, string id, string rest = Keys)
    {
        var device = new AmqpRegistrant(host);
        Assert.Equal(SaslCode.Ok, await device.PlainAsync($"{host.Instance.IdScope}/registrations/{id}", host.DeviceToken(id, await EnrolledAsync(host, id, rest))));
        await device.OpenAsync();
        Assert.Null(await device.AttachAsync($"{host.Instance.IdScope}/registrations/{id}"));
        return device;
    }

    private static async Task<string> EnrolledAsync(ProvisioningHost host, string id, string rest = Keys) => (await host.EnrollAsync(id, rest))["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();
}
