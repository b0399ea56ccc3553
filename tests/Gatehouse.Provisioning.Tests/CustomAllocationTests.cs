using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Store;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>The webhook of an enrollment chooses the hub: what it is asked, what it may answer, and that it holds nobody up and reaches nothing that it should not.</summary>
public sealed class CustomAllocationTests
{
    private const string Second = "second.example";
    private const string Here = """{"iotHubHostName":"localhost"}""";
    private const string Secret = "a secret of 16 or more";

    private static readonly HubName Other = HubName.Parse("second");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_webhook_is_asked_with_what_is_known_and_its_answer_counts()
    {
        await using var hook = await Webhook.StartAsync((200, """{"iotHubHostName":"second.example","initialTwin":{"tags":{"by":"hook"},"properties":{"desired":{}}},"payload":{"for":"device"}}"""));
        await using var host = await StartAsync(new AllocationOptions { AllowPrivateAddresses = true, Secret = Secret });
        var key = await EnrollAsync(host, hook.Url, """ "initialTwin":{"tags":{"a":1}},"iotHubs":["localhost","second.example"] """);

        var outcome = await host.RegisterAsync("dev-1", key, """{"registrationId":"dev-1","payload":{"modelId":"m"}}""");

        Assert.Equal((Second, "device"), (outcome.Text("registrationState.assignedHub"), outcome.Text("registrationState.payload.for")));
        var twin = (await host.Get<Twins>().GetAsync(Other, new IdentityKey(DeviceId.Parse("dev-1")), Token)).Value;
        Assert.Equal("""{"by":"hook"}""", JsonNode.Parse(twin.Tags.Span)!.ToJsonString());
        var (body, signature) = Assert.Single(hook.Asked);
        var asked = JsonNode.Parse(body)!;
        Assert.Equal(["individualEnrollment", "deviceRuntimeContext", "linkedHubs"], asked.AsObject().Select(property => property.Key));
        Assert.Equal(("dev-1", "custom", "{}"), (asked["individualEnrollment"]!["registrationId"]!.GetValue<string>(), asked["individualEnrollment"]!["allocationPolicy"]!.GetValue<string>(), asked["individualEnrollment"]!["attestation"]!["symmetricKey"]!.ToJsonString()));
        Assert.Equal("""{"registrationId":"dev-1","symmetricKey":{},"payload":{"modelId":"m"}}""", asked["deviceRuntimeContext"]!.ToJsonString());
        Assert.Equal(["localhost", Second], asked["linkedHubs"]!.AsArray().Select(name => name!.GetValue<string>()));
        var at = ProvisioningHost.Now.ToUnixTimeSeconds();
        Assert.Equal($"t={at},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{at}.{body}")))}", signature);
        Assert.Equal("device", (await host.AskAsync("GET", "/registrations/dev-1")).Text("payload.for"));
    }

    [Fact]
    public async Task A_device_that_registers_again_goes_where_the_webhook_says_and_a_twin_it_gives_goes_before_its_own()
    {
        await using var hook = await Webhook.StartAsync((200, Here), (200, """{"iotHubHostName":"second.example","initialTwin":{"tags":{"by":"hook"}}}"""));
        await using var host = await StartAsync();
        var key = await EnrollAsync(host, hook.Url, """ "initialTwin":{"tags":{"a":1}},"iotHubs":["localhost","second.example"] """);
        Assert.Equal("localhost", (await host.RegisterAsync("dev-1", key)).Text("registrationState.assignedHub"));

        var moved = await host.RegisterAsync("dev-1", key);

        Assert.Equal((Second, ""), (moved.Text("registrationState.assignedHub"), moved.Text("registrationState.payload")));
        Assert.Equal("localhost dev-1", string.Join(' ', new[] { "currentIotHubHostName", "currentDeviceId" }.Select(name => JsonNode.Parse(hook.Asked.Last().Body)!["deviceRuntimeContext"]![name]!.GetValue<string>())));
        Assert.Equal("", hook.Asked.Last().Signature);
        Assert.Null(await host.DeviceAsync("dev-1"));
        var twin = (await host.Get<Twins>().GetAsync(Other, new IdentityKey(DeviceId.Parse("dev-1")), Token)).Value;
        Assert.Equal("""{"by":"hook"}""", JsonNode.Parse(twin.Tags.Span)!.ToJsonString());
    }

    [Theory]
    [InlineData(500, "", "400210", 3)]
    [InlineData(429, "", "400210", 3)]
    [InlineData(404, "", "400210", 1)]
    [InlineData(302, "", "400210", 1)]
    [InlineData(401, "", "400212", 1)]
    [InlineData(403, "", "400212", 1)]
    [InlineData(200, "", "400210", 1)]
    [InlineData(200, "[]", "400210", 1)]
    [InlineData(200, "{}", "400211", 1)]
    [InlineData(200, """{"iotHubHostName":"second.example"}""", "400211", 1)]
    [InlineData(200, """{"iotHubHostName":"localhost","iotHubHostName":"localhost"}""", "400210", 1)]
    [InlineData(200, """{"iotHubHostName":"localhost","initialTwin":{"tags":{"$bad":1}}}""", "400210", 1)]
    [InlineData(200, """{"iotHubHostName":"localhost","initialTwin":{"tags":{"a":"\ud800"}}}""", "400210", 1)]
    [InlineData(200, """{"iotHubHostName":"localhost","payload":{"a":"\ud800"}}""", "400210", 1)]
    public async Task What_the_webhook_may_not_answer_fails_the_registration(int status, string body, string error, int attempts)
    {
        await using var hook = await Webhook.StartAsync((status, body));
        await using var host = await StartAsync();
        var key = await EnrollAsync(host, hook.Url, """ "iotHubs":["localhost"] """);

        var outcome = await host.RegisterAsync("dev-1", key);

        Assert.Equal(("failed", error), (outcome.Text("status"), outcome.Text("registrationState.errorCode")));
        Assert.Equal(attempts, hook.Asked.Count);
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task An_answer_may_be_as_long_as_a_registration_and_not_one_byte_more_and_a_second_attempt_may_do()
    {
        await using var hook = await Webhook.StartAsync((503, ""), (200, Here.PadRight(1024)), (200, Here.PadRight(1025)));
        await using var host = await StartAsync(maxBody: 1024);
        var key = await EnrollAsync(host, hook.Url, """ "iotHubs":["localhost"] """);

        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key)).Text("status"));
        Assert.Equal(2, hook.Asked.Count);
        Assert.Equal("400210", (await host.RegisterAsync("dev-1", key)).Text("registrationState.errorCode"));
        Assert.Equal(3, hook.Asked.Count);
    }

    [Fact]
    public async Task What_a_device_and_its_webhook_say_may_be_nested_as_deep_as_every_answer_can_show_it_and_not_deeper()
    {
        static string Deep(int levels) => $"{new string('[', levels)}{new string(']', levels)}";
        static string Answer(int levels) => $$"""{"iotHubHostName":"localhost","payload":{{Deep(levels)}}}""";
        await using var hook = await Webhook.StartAsync((200, Answer(24)), (200, Answer(25)));
        await using var host = await StartAsync();
        var key = await EnrollAsync(host, hook.Url, """ "iotHubs":["localhost"] """);

        var outcome = await host.RegisterAsync("dev-1", key, $$"""{"payload":{{Deep(24)}}}""");

        Assert.Equal(("assigned", Deep(24)), (outcome.Text("status"), outcome.Body!["registrationState"]!["payload"]!.ToJsonString()));
        Assert.Equal((200, 200, 200), (
            (await host.AskAsync("GET", "/enrollments/dev-1")).Code, (await host.AskAsync("GET", "/registrations/dev-1")).Code,
            (await host.AskAsync("POST", "/enrollments/query", """{"query":"SELECT * FROM enrollments"}""")).Code));
        Assert.Equal("400210", (await host.RegisterAsync("dev-1", key)).Text("registrationState.errorCode"));
    }

    [Fact]
    public async Task A_webhook_at_a_private_address_is_not_called_and_not_tried_again()
    {
        // A second attempt would wait for a clock that stands still.
        await using var hook = await Webhook.StartAsync((200, Here));
        await using var host = await StartAsync(new AllocationOptions { Pause = TimeSpan.FromSeconds(1) });
        var key = await EnrollAsync(host, hook.Url.Replace("http://", "https://", StringComparison.Ordinal), """ "iotHubs":["localhost"] """);

        Assert.Equal("400210", (await host.RegisterAsync("dev-1", key).WaitAsync(TimeSpan.FromSeconds(60), Token)).Text("registrationState.errorCode"));
        Assert.Empty(hook.Asked);
    }

    [Fact]
    public async Task A_webhook_that_does_not_answer_is_left_in_time()
    {
        var gate = new TaskCompletionSource();
        await using var hook = await Webhook.StartAsync((200, Here));
        hook.Gate = gate.Task;
        await using var host = await StartAsync(new AllocationOptions { AllowPrivateAddresses = true, Pause = TimeSpan.Zero, Attempts = 1, Timeout = TimeSpan.FromSeconds(1) });
        var key = await EnrollAsync(host, hook.Url, """ "iotHubs":["localhost"] """);

        Assert.Equal("400210", (await host.RegisterAsync("dev-1", key)).Text("registrationState.errorCode"));
        gate.SetResult();
    }

    [Fact]
    public async Task As_many_allocations_are_under_way_as_may_and_one_more_is_told_to_come_again()
    {
        var gate = new TaskCompletionSource();
        await using var hook = await Webhook.StartAsync((200, Here));
        hook.Gate = gate.Task;
        await using var host = await StartAsync(new AllocationOptions { AllowPrivateAddresses = true, Pause = TimeSpan.Zero, Timeout = TimeSpan.FromSeconds(60), MaxCalls = 1 });
        var key = await EnrollAsync(host, hook.Url, """ "iotHubs":["localhost"] """);
        var other = await EnrollAsync(host, hook.Url, """ "iotHubs":["localhost"] """, "dev-2");

        var first = host.RegisterAsync("dev-1", key);
        while (hook.Asked.IsEmpty)
        {
            await Task.Delay(10, Token);
        }

        Assert.Equal((429, "429001"), Outcome(await host.RegisterAsync("dev-2", other)));
        Assert.Equal(404, (await host.AskAsync("GET", "/registrations/dev-2")).Code);
        gate.SetResult();
        Assert.Equal("assigned", (await first).Text("status"));
        Assert.Equal("assigned", (await host.RegisterAsync("dev-2", other)).Text("status"));
    }

    [Fact]
    public async Task A_record_that_another_node_has_written_meanwhile_stands_and_the_device_comes_again()
    {
        var gate = new TaskCompletionSource();
        await using var hook = await Webhook.StartAsync((200, Here));
        await using var host = await StartAsync(new AllocationOptions { AllowPrivateAddresses = true, Pause = TimeSpan.Zero, Timeout = TimeSpan.FromSeconds(60) });
        var key = await EnrollAsync(host, hook.Url, """ "iotHubs":["localhost"] """);
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key)).Text("status"));
        hook.Gate = gate.Task;

        var second = host.RegisterAsync("dev-1", key);
        while (hook.Asked.Count < 2)
        {
            await Task.Delay(10, Token);
        }

        await host.Get<Database>().WriteAsync<int>(
            async (transaction, token) => await transaction.Connection.ExecuteAsync(new CommandDefinition("UPDATE registrations SET etag = 'elsewhere', operation_id = '4.elsewhere'", null, transaction.Transaction, cancellationToken: token)), Token);
        gate.SetResult();

        Assert.Equal((429, "429001"), Outcome(await second));
        Assert.Equal("\"elsewhere\"", (await host.AskAsync("GET", "/registrations/dev-1")).Text("etag"));
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key)).Text("status"));
    }

    private static async Task<ProvisioningHost> StartAsync(AllocationOptions? allocation = null, int maxBody = 96 * 1024)
    {
        var host = await ProvisioningHost.StartAsync(options: new ProvisioningOptions
        {
            MaxDeviceBodyBytes = maxBody,
            Allocation = allocation ?? new AllocationOptions { AllowPrivateAddresses = true, Pause = TimeSpan.Zero },
        });
        await host.LinkAsync(Other, Second);
        return host;
    }

    private static async Task<string> EnrollAsync(ProvisioningHost host, string url, string rest, string id = "dev-1")
    {
        var made = await host.EnrollAsync(id, $$$""" "attestation":{"type":"symmetricKey"},"allocationPolicy":"custom","customAllocationDefinition":{"webhookUrl":"{{{url}}}","apiVersion":"2021-10-01"},{{{rest}}} """);
        Assert.Equal(url, made["customAllocationDefinition"]!["webhookUrl"]!.GetValue<string>());
        return made["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();
    }

    private static (int Code, string Error) Outcome(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("errorCode"));
}
