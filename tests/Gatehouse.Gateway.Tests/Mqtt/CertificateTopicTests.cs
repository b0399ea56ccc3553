using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub.Registry;
using Xunit;

namespace Gatehouse.Gateway.Tests.Mqtt;

/// <summary>Renewal of a certificate as a device sees it over MQTT: accepted, then answered; what is wrong with a request, in the service's numbers.</summary>
public sealed class CertificateTopicTests : IAsyncLifetime, ICertificateRenewal
{
    private const string Answers = "$iothub/credentials/res/#";
    private const string Issue = "$iothub/credentials/POST/issueCertificate/";
    private static readonly byte[] PingRequest = [0xc0, 0];
    private static readonly string Csr = MakeRequest();

    private readonly X509Certificate2 certificate = MakeCertificate();
    private readonly List<(string Device, string Presented, byte[] Request)> asked = [];
    private TaskCompletionSource<Result<IReadOnlyList<string>>> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GatewayHost host = null!;

    private string Thumbprint => certificate.GetCertHashString(HashAlgorithmName.SHA256);

    public async ValueTask InitializeAsync()
    {
        host = await GatewayHost.StartAsync(renewal: this);
        var input = new IdentityInput { Key = new IdentityKey(DeviceId.Parse("d1")), Authentication = new AuthenticationInput { Type = "selfSigned", PrimaryThumbprint = Thumbprint } };
        Assert.True((await host.Get<IdentityRegistry>().PutAsync(host.Hub, "test", input, IfMatch.Absent, TestContext.Current.CancellationToken)).IsOk);
    }

    public async ValueTask DisposeAsync()
    {
        outcome.TrySetResult(HubErrors.ServerError);
        await host.DisposeAsync();
        certificate.Dispose();
    }

    public Task<Result<IReadOnlyList<string>>> RenewAsync(HubName hub, DeviceId device, string presented, ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        lock (asked)
        {
            asked.Add((device.Value, presented, request.ToArray()));
        }

        return outcome.Task;
    }

    [Fact]
    public async Task A_request_is_accepted_and_answered_with_the_certificate_and_its_CA()
    {
        var device = await ConnectAsync();

        await device.SendAsync(DeviceDriver.Publish(Issue + "?$rid=a-1", Body(), 3));
        await device.ExpectAsync(0x40, 2, 0, 3);
        var (topic, accepted) = await ReadAsync(device);
        outcome.SetResult(Result<IReadOnlyList<string>>.Of(["AQID", "BAUG"]));
        var (done, issued) = await ReadAsync(device);

        Assert.Equal(("$iothub/credentials/res/202/?$rid=a-1", "$iothub/credentials/res/200/?$rid=a-1"), (topic, done));
        Assert.Equal(["correlationId", "operationExpires"], accepted.Select(member => member.Key));
        Assert.Equal((Text(accepted, "correlationId"), """["AQID","BAUG"]"""), (Text(issued, "correlationId"), issued["certificates"]!.ToJsonString()));
        var request = Assert.Single(asked);
        Assert.Equal(("d1", Thumbprint, Csr), (request.Device, request.Presented, Convert.ToBase64String(request.Request)));
    }

    [Theory]
    [InlineData("", 400004)]
    [InlineData("[]", 400004)]
    [InlineData("{", 400006)]
    [InlineData("""{"id":"d1","csr":"\ud800"}""", 400006)]
    [InlineData("""{"id":"d1","id":"d1","csr":"CSR"}""", 400006)]
    [InlineData("""{"csr":"CSR"}""", 400004)]
    [InlineData("""{"id":"","csr":"CSR"}""", 400004)]
    [InlineData("""{"id":"d2","csr":"CSR"}""", 400004)]
    [InlineData("""{"id":"D1","csr":"CSR"}""", 400004)]
    [InlineData("""{"id":"d1"}""", 400004)]
    [InlineData("""{"id":"d1","csr":""}""", 400004)]
    [InlineData("""{"id":"d1","csr":7}""", 400004)]
    [InlineData("""{"id":"d1","csr":null}""", 400004)]
    [InlineData("""{"id":"d1","csr":"AAAA"}""", 400004)]
    [InlineData("""{"id":"d1","csr":"CSRAA=="}""", 400004)]
    [InlineData("""{"id":"d1","csr":"CSR","more":"x"}""", 400004)]
    [InlineData("""{"id":"d1","csr":"CSR","replace":"abc"}""", 400004)]
    [InlineData("""{"id":"d1","csr":"CSR","replace":"-abcd"}""", 400004)]
    [InlineData("""{"id":"d1","csr":"CSR","replace":"ab_cd"}""", 400004)]
    [InlineData("""{"id":"d1","csr":"CSR","replace":"abcd"}""", 412001)]
    public async Task What_is_wrong_with_a_request_is_said_at_once_and_nothing_is_asked_for(string body, int code)
    {
        var device = await ConnectAsync();

        await device.SendAsync(DeviceDriver.Publish(Issue + "?$rid=9", body.Replace("CSR", Csr, StringComparison.Ordinal), 0, 0));

        var (topic, error) = await ReadAsync(device);
        Assert.Equal(($"$iothub/credentials/res/{code / 1000}/?$rid=9", code), (topic, error["errorCode"]!.GetValue<int>()));
        Assert.Equal(["errorCode", "message", "trackingId", "timestampUtc", "info"], error.Select(member => member.Key));
        Assert.Equal(code == 412001 ? """{"requestId":"abcd"}""" : null, error["info"]?.ToJsonString());
        await device.SendAsync(PingRequest);
        await device.ExpectAsync(0xd0, 0);
        Assert.Empty(asked);
    }

    [Fact]
    public async Task A_request_may_be_as_large_as_the_limit_of_its_body_and_not_one_byte_more()
    {
        var device = await ConnectAsync();
        var filling = new string(' ', (16 * 1024) - Body().Length);

        await device.SendAsync(DeviceDriver.Publish(Issue + "?$rid=1", Body() + filling + " ", 0, 0));
        Assert.Equal("$iothub/credentials/res/400/?$rid=1", (await ReadAsync(device)).Topic);
        await device.SendAsync(DeviceDriver.Publish(Issue + "?$rid=2", Body() + filling, 0, 0));
        Assert.Equal("$iothub/credentials/res/202/?$rid=2", (await ReadAsync(device)).Topic);
    }

    [Fact]
    public async Task A_request_that_is_refused_says_why_and_so_does_the_refusal_log()
    {
        var device = await ConnectAsync();
        outcome.SetResult(HubErrors.CertificateRequestRefused.With("The CSR did not pass verification: it is odd."));

        await device.SendAsync(DeviceDriver.Publish(Issue + "?$rid=1", Body(), 0, 0));
        var (_, accepted) = await ReadAsync(device);
        var (topic, error) = await ReadAsync(device);

        Assert.Equal(("$iothub/credentials/res/400/?$rid=1", 400037), (topic, error["errorCode"]!.GetValue<int>()));
        Assert.Equal((Text(accepted, "correlationId"), "400000"), (error["info"]!["correlationId"]!.GetValue<string>(), error["info"]!["credentialError"]!.GetValue<string>()));
        Assert.Contains("it is odd", error["info"]!["credentialMessage"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal((RefusalReason.CertificateRequestRefused, "d1"), (Assert.Single(host.Refusals).Reason, host.Refusals[0].Claimed));
    }

    [Fact]
    public async Task What_may_work_later_says_when()
    {
        var device = await ConnectAsync();
        outcome.SetResult(HubErrors.ThrottlingException);

        await device.SendAsync(DeviceDriver.Publish(Issue + "?$rid=1", Body(), 0, 0));
        await ReadAsync(device);
        var (topic, error) = await ReadAsync(device);

        Assert.Equal(("$iothub/credentials/res/429/?$rid=1", 5), (topic, error["retryAfter"]!.GetValue<int>()));
        Assert.Empty(host.Refusals);
    }

    [Fact]
    public async Task Without_an_id_or_the_subscription_nothing_is_answered_and_nothing_done()
    {
        var early = await OpenAsync();
        await early.SendAsync([.. DeviceDriver.Publish(Issue + "?$rid=1", Body(), 0, 0), .. PingRequest]);
        await early.ExpectAsync(0xd0, 0);
        await early.SubscribeAsync(Answers);
        foreach (var rest in new[] { "", "?", "?rid=1", "?$rid=" })
        {
            await early.SendAsync([.. DeviceDriver.Publish(Issue + rest, Body(), 0, 0), .. PingRequest]);
            await early.ExpectAsync(0xd0, 0);
        }

        Assert.Empty(asked);
    }

    [Fact]
    public async Task One_request_is_under_way_and_another_waits_only_if_it_takes_its_place()
    {
        var device = await ConnectAsync();
        await device.SendAsync(DeviceDriver.Publish(Issue + "?$rid=one-1", Body(), 0, 0));
        var (_, first) = await ReadAsync(device);

        await device.SendAsync(DeviceDriver.Publish(Issue + "?$rid=two-2", Body(), 0, 0));
        var (topic, conflict) = await ReadAsync(device);
        Assert.Equal(("$iothub/credentials/res/409/?$rid=two-2", 409004), (topic, conflict["errorCode"]!.GetValue<int>()));
        Assert.Equal(("one-1", Text(first, "correlationId")), (conflict["info"]!["requestId"]!.GetValue<string>(), conflict["info"]!["correlationId"]!.GetValue<string>()));
        await device.SendAsync(DeviceDriver.Publish(Issue + "?$rid=two-2", Body("none-1"), 0, 0));
        Assert.Equal("$iothub/credentials/res/412/?$rid=two-2", (await ReadAsync(device)).Topic);

        await device.SendAsync([.. DeviceDriver.Publish(Issue + "?$rid=three-3", Body("one-1"), 0, 0), .. DeviceDriver.Publish(Issue + "?$rid=four-4", Body("*"), 0, 0)]);
        Assert.Equal(["$iothub/credentials/res/202/?$rid=four-4", "$iothub/credentials/res/202/?$rid=three-3"], new[] { (await ReadAsync(device)).Topic, (await ReadAsync(device)).Topic }.Order());
        outcome.SetResult(Result<IReadOnlyList<string>>.Of(["AQID"]));
        Assert.Equal(["$iothub/credentials/res/200/?$rid=one-1", "$iothub/credentials/res/200/?$rid=four-4"], [(await ReadAsync(device)).Topic, (await ReadAsync(device)).Topic]);
        Assert.Equal(2, asked.Count); // the third was replaced before it had begun
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_does_not_show_a_certificate_of_its_own_is_issued_none(bool isPolicy)
    {
        var key = await host.RegisterAsync("d2");
        var policy = (await host.Get<Gatehouse.Hub.AccessPolicies.SharedAccessPolicies>().FindAsync(host.Hub, "iothubowner", TestContext.Current.CancellationToken)).Value;
        var device = host.Open();
        await device.SendAsync(DeviceDriver.Connect("d2", isPolicy ? host.TokenOf("localhost/devices/d2", policy.PrimaryKey, "iothubowner") : host.TokenOf("localhost/devices/d2", key)));
        await device.ExpectAsync(0x20, 2, 0, 0);
        await device.SubscribeAsync(Answers);

        await device.SendAsync(DeviceDriver.Publish(Issue + "?$rid=1", Body().Replace("\"d1\"", "\"d2\"", StringComparison.Ordinal), 0, 0));

        Assert.Equal("$iothub/credentials/res/202/?$rid=1", (await ReadAsync(device)).Topic);
        Assert.Equal(400037, (await ReadAsync(device)).Body["errorCode"]!.GetValue<int>());
        Assert.Empty(asked);
    }

    private async Task<DeviceDriver> ConnectAsync()
    {
        var device = await OpenAsync();
        await device.SubscribeAsync(Answers);
        return device;
    }

    private async Task<DeviceDriver> OpenAsync()
    {
        var device = host.Open(certificate: new PeerCertificate(certificate, []));
        await device.SendAsync(DeviceDriver.Connect("d1", []));
        await device.ExpectAsync(0x20, 2, 0, 0);
        return device;
    }

    private static async Task<(string Topic, JsonObject Body)> ReadAsync(DeviceDriver device)
    {
        var answer = await device.ReadPublishAsync();
        return (answer.Topic, JsonNode.Parse(answer.Body)!.AsObject());
    }

    private static string Body(string? replace = null)
    {
        var body = new JsonObject { ["id"] = "d1", ["csr"] = Csr };
        if (replace is not null)
        {
            body["replace"] = replace;
        }

        return body.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    private static string Text(JsonObject body, string name) => body[name]!.GetValue<string>();

    private static string MakeRequest()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(new CertificateRequest("CN=d1", key, HashAlgorithmName.SHA256).CreateSigningRequest());
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=d1", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
