using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Identity;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.DeviceDoor;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Limits;
using Gatehouse.Provisioning.Registrations;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>The device API over HTTPS, byte for byte what clients look at; bad input gets the service's errors.</summary>
public sealed class DeviceApiTests
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;

    [Fact]
    public async Task A_registration_is_accepted_with_an_operation_to_poll_and_looked_up_afterwards()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var key = await EnrolledAsync(host);
        var token = host.DeviceToken("dev-1", key);

        var started = await host.SendAsync("PUT", $"/{host.Instance.IdScope.ToUpperInvariant()}/Registrations/dev-1/register?api-version=2019-03-31", host.DeviceToken("dev-1", key, $"{host.Instance.IdScope.ToUpperInvariant()}/registrations/dev-1"), "{}");
        var operation = started.Text("operationId");
        Assert.Equal((202, "assigning", "2"), (started.Code, started.Text("status"), started.Headers["Retry-After"]));
        Assert.Matches("^4\\.[0-9a-f]{16}\\.[0-9a-f-]{36}$", operation);
        Assert.EndsWith($"/registrations/dev-1/operations/{operation}", started.Headers["Location"], StringComparison.Ordinal);

        var polled = await host.SendAsync("GET", $"/{host.Instance.IdScope}/registrations/dev-1/operations/{operation}?api-version=2019-03-31", token);
        Assert.Equal((200, "assigned", operation, "application/json; charset=utf-8"), (polled.Code, polled.Text("status"), polled.Text("operationId"), polled.Headers["Content-Type"]));
        var looked = await host.SendAsync("POST", $"/{host.Instance.IdScope}/registrations/dev-1?api-version=2019-03-31", token, """{"registrationId":"dev-1"}""");
        Assert.Equal((200, "assigned", "localhost"), (looked.Code, looked.Text("status"), looked.Text("assignedHub")));
        var unknown = await host.SendAsync("GET", $"/{host.Instance.IdScope}/registrations/dev-1/operations/4.0.0?api-version=2019-03-31", token);
        Assert.Equal((404, "404202", "404202"), (unknown.Code, unknown.Text("errorCode"), unknown.Headers["x-ms-error-code"]));
        Assert.True(Guid.TryParse(unknown.Text("trackingId"), out _));
    }

    [Fact]
    public async Task Wrong_proofs_look_alike_and_the_refusal_log_tells_them_apart()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var key = await EnrolledAsync(host);
        var scope = host.Instance.IdScope;
        var other = Convert.ToBase64String(new byte[32]);
        (string Id, string? Token, RefusalReason Reason)[] wrong =
        [
            ("dev-1", null, RefusalReason.CredentialMissing),
            ("dev-1", "SharedAccessSignature x", RefusalReason.TokenMalformed),
            ("dev-1", host.DeviceToken("dev-1", other), RefusalReason.TokenSignatureWrong),
            ("dev-1", host.DeviceToken("dev-1", key, $"{scope}/registrations/dev-2"), RefusalReason.TokenScopeWrong),
            ("dev-1", host.DeviceToken("dev-1", key, $"{scope}/registrations/dev-1/more"), RefusalReason.TokenScopeWrong),
            ("dev-1", host.DeviceToken("dev-1", key, end: host.Time.GetUtcNow().AddMinutes(-6)), RefusalReason.TokenExpired),
            ("nobody", host.DeviceToken("nobody", other), RefusalReason.TokenSignatureWrong),
        ];
        foreach (var (id, token, reason) in wrong)
        {
            var answer = await host.SendAsync("PUT", $"/{scope}/registrations/{id}/register?api-version=2019-03-31", token, "{}");

            Assert.Equal((401, "401002", "Unauthorized"), (answer.Code, answer.Text("errorCode"), answer.Text("message")));
            Assert.Equal((reason, id, host.Instance.Name.Value), (host.Refusals.Last().Reason, host.Refusals.Last().Claimed, host.Refusals.Last().Hub));
        }

        var unknown = await host.SendAsync("PUT", "/0ne00000000/registrations/dev-1/register?api-version=2019-03-31", host.DeviceToken("dev-1", key), "{}");
        Assert.Equal((401, "401002"), (unknown.Code, unknown.Text("errorCode")));
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task Who_is_refused_again_and_again_is_put_off_without_a_look_at_the_proof()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var key = await EnrolledAsync(host);
        for (var i = 0; i < 60; i++)
        {
            await host.RegisterAsync("dev-1", Convert.ToBase64String(new byte[32]));
        }

        Assert.Equal(401, (await host.RegisterAsync("dev-1", key)).Code);
        Assert.Equal(RefusalReason.BackedOff, host.Refusals.Last().Reason);
        host.Time.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key)).Text("status"));
    }

    [Fact]
    public async Task Strangers_to_the_service_and_bad_tokens_of_back_ends_count_for_the_address_that_they_come_from()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var key = await EnrolledAsync(host);
        var half = new IdentityOptions().Backoff.RefusalsPerAddress / 2;
        for (var i = 0; i < half; i++)
        {
            Assert.Equal(401, (await host.SendAsync("PUT", "/0ne00000000/registrations/dev-1/register?api-version=2019-03-31", host.DeviceToken("dev-1", key), "{}")).Code);
            Assert.Equal(401, (await host.SendAsync("GET", "/enrollments/dev-1?api-version=2021-10-01", host.Sign("localhost", key, "nobody"))).Code);
        }

        Assert.Equal(401, (await host.RegisterAsync("dev-1", key)).Code);
        Assert.Equal(401, (await host.AskAsync("GET", "/enrollments/dev-1")).Code);
        Assert.Equal([RefusalReason.BackedOff, RefusalReason.BackedOff], host.Refusals.TakeLast(2).Select(refusal => refusal.Reason));
        Assert.All(host.Refusals, refusal => Assert.Equal(host.Instance.Name.Value, refusal.Hub));
    }

    [Fact]
    public async Task What_a_stranger_sends_is_not_read()
    {
        await using var host = await ProvisioningHost.StartAsync(options: new ProvisioningOptions { MaxDeviceBodyBytes = 1024 });
        var stranger = host.DeviceToken("dev-1", Convert.ToBase64String(new byte[32]));

        foreach (var body in new[] { "{", new string(' ', 1025) })
        {
            Assert.Equal(401, (await host.SendAsync("PUT", $"/{host.Instance.IdScope}/registrations/dev-1/register?api-version=2019-03-31", stranger, body)).Code);
        }
    }

    [Fact]
    public async Task Who_waits_for_its_turn_is_judged_again_when_it_comes()
    {
        await using var host = await ProvisioningHost.StartAsync(options: new ProvisioningOptions { MaxConcurrentRegistrations = 1 });
        var key = await EnrolledAsync(host);
        Assert.Equal(200, (await host.RegisterAsync("dev-1", key)).Code);
        await host.Get<Hub.Registry.IdentityRegistry>().DeleteAsync(host.Hub.Name, "test", new(DeviceId.Parse("dev-1")), Hub.Registry.IfMatch.Any, TestContext.Current.CancellationToken);
        var gate = new TaskCompletionSource();
        var seat = host.Get<RegistrationQueue>().RunAsync<bool>(
            host.Instance.Name,
            "another",
            async _ =>
            {
                await gate.Task;
                return true;
            },
            TestContext.Current.CancellationToken);
        var waiting = host.RegisterAsync("dev-1", key);
        while (host.Get<RegistrationQueue>().Count < 2)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", $$"""{"provisioningStatus":"disabled",{{Keys}}}""", "*")).Code);
        gate.SetResult();

        Assert.True((await seat).Value);
        Assert.Equal(401, (await waiting).Code);
        Assert.Equal("disabled", (await host.AskAsync("GET", "/registrations/dev-1")).Text("status"));
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_sends_its_body_slowly_is_judged_again_when_it_is_there(bool isDeleted)
    {
        await using var host = await ProvisioningHost.StartAsync();
        var caller = new DeviceCaller("https", IPAddress.Loopback, host.DeviceToken("dev-1", await EnrolledAsync(host)), null, () => { });

        var answer = await host.Get<DeviceRegistrations>().RunAsync(Target(host), caller, ReadAsync, TestContext.Current.CancellationToken);

        Assert.Equal(ProvisioningErrors.Unauthorized, answer.Error);
        Assert.Null(await host.DeviceAsync("dev-1"));

        async Task<Result<RegistrationBody?>> ReadAsync(bool isProved)
        {
            Assert.True(isProved);
            if (isDeleted)
            {
                await host.AskAsync("DELETE", "/enrollments/dev-1");
                await EnrolledAsync(host);
            }
            else
            {
                Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", $$"""{"provisioningStatus":"disabled",{{Keys}}}""", "*")).Code);
            }

            return (RegistrationBody?)null;
        }
    }

    [Fact]
    public async Task Who_asks_about_its_registration_with_a_slow_body_is_judged_again_when_it_is_there()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var key = await EnrolledAsync(host);
        await host.RegisterAsync("dev-1", key);
        var caller = new DeviceCaller("https", IPAddress.Loopback, host.DeviceToken("dev-1", key), null, () => { });
        var target = Target(host) with { Row = Operations.GetDeviceRegistration };

        var answer = await host.Get<DeviceRegistrations>().RunAsync(target, caller, ReadAsync, TestContext.Current.CancellationToken);

        Assert.Equal(ProvisioningErrors.Unauthorized, answer.Error);
        Assert.Equal(RefusalReason.IdentityDisabled, host.Refusals.Single().Reason);

        async Task<Result<RegistrationBody?>> ReadAsync(bool isProved)
        {
            Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", $$"""{"provisioningStatus":"disabled",{{Keys}}}""", "*")).Code);
            return (RegistrationBody?)null;
        }
    }

    [Fact]
    public async Task Who_leaves_before_it_is_judged_fills_no_log()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var caller = new DeviceCaller("amqp", IPAddress.Loopback, host.DeviceToken("dev-1", await EnrolledAsync(host)), null, () => { });
        var log = new CountingLog();
        var door = new DeviceRegistrations(host.Get<ProvisioningDirectory>(), host.Get<Attestor>(), host.Get<Registrations.Registrations>(), host.Get<MeasuredBoot.BootStates>(), host.Get<RateLimits>(), host.Get<UseTracking.ProvisioningUses>(), host, host.Get<ProvisioningMetrics>(), log);

        Assert.Equal(ProvisioningErrors.ServerError, (await door.AdmitAsync(Target(host), caller, new CancellationToken(canceled: true))).Error);

        Assert.Equal(0, log.Count);
    }

    [Theory]
    [InlineData("PUT", "dev-1/register", "{", 400)]
    [InlineData("PUT", "dev-1/register", """{"payload":"\ud800"}""", 400)]
    [InlineData("PUT", "dev-1/register", """{"payload":{"\ud800":1}}""", 400)]
    [InlineData("PUT", "dev-1/register", "[]", 400)]
    [InlineData("PUT", "dev-1/register", """{"registrationId":"dev-2"}""", 400)]
    [InlineData("PUT", "dev-1/register", """{"registrationId":"dev-1","registrationId":"dev-2"}""", 400)]
    [InlineData("PUT", "dev-1/register", """{"csr":"AA=="}""", 400)]
    [InlineData("PUT", "dev%2F1/register", "{}", 404)]
    [InlineData("PUT", "dev%201/register", "{}", 400)]
    [InlineData("PUT", "dev-1./register", "{}", 400)]
    [InlineData("POST", "dev-1/register", "{}", 405)]
    [InlineData("GET", "dev-1", null, 405)]
    [InlineData("PUT", "dev-1/other", "{}", 404)]
    public async Task Bad_requests_are_refused_and_change_nothing(string method, string path, string? body, int status)
    {
        await using var host = await ProvisioningHost.StartAsync();
        var key = await EnrolledAsync(host);

        var answer = await host.SendAsync(method, $"/{host.Instance.IdScope}/registrations/{path}?api-version=2019-03-31", host.DeviceToken("dev-1", key), body);

        Assert.Equal(status, answer.Code);
        Assert.Equal(status, int.Parse(answer.Text("errorCode")[..3]));
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task A_registration_may_be_as_large_as_the_limit_and_nested_as_deep_and_not_one_more()
    {
        await using var host = await ProvisioningHost.StartAsync(options: new ProvisioningOptions { MaxDeviceBodyBytes = 1024 });
        var key = await EnrolledAsync(host);
        static string Body(int bytes) => $$"""{"payload":"{{new string('x', bytes - 14)}}"}""";

        Assert.Equal(200, (await host.RegisterAsync("dev-1", key, Body(1024))).Code);
        Assert.Equal(413, (await host.RegisterAsync("dev-1", key, Body(1025))).Code);
        Assert.Equal(200, (await host.RegisterAsync("dev-1", key, $$"""{"payload":{{new string('[', 24)}}{{new string(']', 24)}}}""")).Code);
        Assert.Equal(400, (await host.RegisterAsync("dev-1", key, $$"""{"payload":{{new string('[', 25)}}{{new string(']', 25)}}}""")).Code);
    }

    [Fact]
    public async Task What_is_no_path_of_a_provisioning_service_is_left_to_others()
    {
        await using var host = await ProvisioningHost.StartAsync();

        foreach (var path in new[] { "/devices/d1", "/registrationsx", "/0neXYZXYZXY/registrations/d/register", "/x/0ne00000000/registrations/d" })
        {
            var answer = await host.SendAsync("GET", path, null);

            Assert.Equal((404, null), (answer.Code, answer.Body)); // nobody else is here: an empty answer, not one of ours
        }
    }

    private static RegistrationTarget Target(ProvisioningHost host) => new(host.Instance.IdScope, "dev-1", Operations.RegisterDevice);

    private static async Task<string> EnrolledAsync(ProvisioningHost host) => (await host.EnrollAsync("dev-1", Keys))["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();

    private sealed class CountingLog : ILogger<DeviceRegistrations>
    {
        internal int Count { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Count++;
    }
}
