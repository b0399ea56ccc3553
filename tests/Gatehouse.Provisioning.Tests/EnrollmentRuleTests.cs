using System.Text.Json.Nodes;
using Gatehouse.Store;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Enrollments that contradict themselves, or ask for what is not there, are refused as a whole.</summary>
public sealed class EnrollmentRuleTests
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;

    [Theory]
    [InlineData("enrollments/d1", "{}")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"none"}}""")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"x509"}}""")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"x509","x509":{}}}""")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"x509","x509":{"clientCertificates":{}}}}""")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":"AA=="}}}}}""")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"x509","x509":{"signingCertificates":{"primary":{"certificate":"AA=="}}}}}""")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"symmetricKey","symmetricKey":{},"tpm":{"endorsementKey":"AA=="}}}""")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"x"}}}""")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"AAAAAAAAAAAAAAAAAAAA"}}}""")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"tpm","tpm":{}}}""")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"tpm","tpm":{"endorsementKey":"AAEA!"}}}""")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"tpm","tpm":{"endorsementKey":"AAIA"}}}""")]
    [InlineData("enrollments/d1", """{"attestation":{"type":"tpm","tpm":{"endorsementKey":"AAEA"}}}""")]
    [InlineData("enrollmentGroups/g1", """{"attestation":{"type":"tpm","tpm":{"endorsementKey":"AAEA"}}}""")]
    [InlineData("enrollmentGroups/g1", """{"deviceId":"d",KEYS}""")]
    [InlineData("enrollmentGroups/g1", """{"registrationId":"d",KEYS}""")]
    [InlineData("enrollmentGroups/g1", """{"attestation":{"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":"AA=="}}}}}""")]
    [InlineData("enrollments/d1", """{"registrationId":"d2",KEYS}""")]
    [InlineData("enrollments/d1", """{"enrollmentGroupId":"g",KEYS}""")]
    [InlineData("enrollments/d1", """{"deviceId":"a b",KEYS}""")]
    [InlineData("enrollments/d1.", """{KEYS}""")]
    [InlineData("enrollments/d%201", """{KEYS}""")]
    [InlineData("enrollments/d1", """{"provisioningStatus":"maybe",KEYS}""")]
    [InlineData("enrollments/d1", """{"allocationPolicy":"nearest",KEYS}""")]
    [InlineData("enrollments/d1", """{"allocationPolicy":"static",KEYS}""")]
    [InlineData("enrollments/d1", """{"allocationPolicy":"custom",KEYS}""")]
    [InlineData("enrollments/d1", """{"customAllocationDefinition":{"webhookUrl":"https://hook.example/x"},KEYS}""")]
    [InlineData("enrollments/d1", """{"allocationPolicy":"custom","customAllocationDefinition":{},KEYS}""")]
    [InlineData("enrollments/d1", """{"allocationPolicy":"custom","customAllocationDefinition":{"webhookUrl":"http://hook.example/x"},KEYS}""")]
    [InlineData("enrollments/d1", """{"allocationPolicy":"custom","customAllocationDefinition":{"webhookUrl":"https://user@hook.example/x"},KEYS}""")]
    [InlineData("enrollments/d1", """{"allocationPolicy":"custom","customAllocationDefinition":{"webhookUrl":"ftp://hook.example/x"},KEYS}""")]
    [InlineData("enrollments/d1", """{"iotHubs":["elsewhere"],KEYS}""")]
    [InlineData("enrollments/d1", """{"iotHubs":["localhost","LOCALHOST"],KEYS}""")]
    [InlineData("enrollments/d1", """{"iotHubHostName":"elsewhere",KEYS}""")]
    [InlineData("enrollments/d1", """{"credentialPolicyName":"p",KEYS}""")]
    [InlineData("enrollments/d1", """{"initialTwin":{"tags":{"$bad":1}},KEYS}""")]
    [InlineData("enrollments/d1", """{"initialTwin":{"properties":{"desired":[]}},KEYS}""")]
    [InlineData("enrollments/d1", """{"initialTwin":{"tags":{"a":"\ud800"}},KEYS}""")]
    [InlineData("enrollments/d1", """{"optionalDeviceInformation":{"a":"\ud800"},KEYS}""")]
    [InlineData("enrollments/d1", """{"optionalDeviceInformation":{"a":1,"a":2},KEYS}""")]
    [InlineData("enrollments/d1", """{"capabilities":1,KEYS}""")]
    [InlineData("enrollments/d1", """{KEYS,KEYS}""")]
    [InlineData("enrollments/d1", """[]""")]
    [InlineData("enrollments/d1", """null""")]
    public async Task It_is_refused_and_nothing_of_it_is_kept(string path, string body)
    {
        await using var host = await ProvisioningHost.StartAsync();

        var answer = await host.AskAsync("PUT", $"/{path}", body.Replace("KEYS", Keys, StringComparison.Ordinal));

        Assert.Equal((400, "400004"), (answer.Code, answer.Text("errorCode")));
        Assert.Empty(await host.AuditedAsync());
    }

    [Fact]
    public async Task What_identifies_a_device_cannot_change_and_the_type_of_its_proof_neither()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await host.EnrollAsync("d1", Keys);

        Assert.Equal(400, (await host.AskAsync("PUT", "/enrollments/d1", Tpm(SampleTpmKey.Endorsement()), "*")).Code);
    }

    [Fact]
    public async Task A_device_with_a_tpm_can_be_enrolled_and_its_endorsement_key_belongs_to_it_alone()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var key = SampleTpmKey.Endorsement();
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/d1", Tpm(key))).Code);

        Assert.Equal(key, (await host.AskAsync("GET", "/enrollments/d1")).Text("attestation.tpm.endorsementKey"));
        Assert.Equal(409, (await host.AskAsync("PUT", "/enrollments/d2", Tpm(key))).Code);
        Assert.Equal(400, (await host.AskAsync("PUT", "/enrollments/d3", Tpm(SampleTpmKey.Endorsement(), "AAEA"))).Code);
        Assert.Equal(400, (await host.AskAsync("PUT", "/enrollments/d3", Tpm(key[..^4]))).Code);
        Assert.Equal(400, (await host.AskAsync("PUT", "/enrollmentGroups/g1", Tpm(SampleTpmKey.Endorsement()))).Code);
    }

    [Fact]
    public async Task A_stolen_store_shows_no_key()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var made = await host.EnrollAsync("d1", Keys);
        var key = made["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();

        foreach (var file in Directory.GetFiles(host.Folder, "store.db*"))
        {
            await using var shared = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[shared.Length];
            await shared.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);

            Assert.Equal(-1, bytes.AsSpan().IndexOf(Convert.FromBase64String(key)));
            Assert.Equal(-1, bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(key)));
        }
    }

    [Fact]
    public async Task A_named_hub_makes_the_choice_static()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await host.EnrollAsync("d1", $"\"iotHubHostName\":\"LocalHost\",{Keys}");

        var read = await host.AskAsync("GET", "/enrollments/d1");
        Assert.Equal(("static", "localhost", "localhost"), (read.Text("allocationPolicy"), read.Text("iotHubHostName"), read.Body!["iotHubs"]![0]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_body_may_be_as_large_as_the_limit_and_not_one_byte_more()
    {
        await using var host = await ProvisioningHost.StartAsync(options: new ProvisioningOptions { MaxServiceBodyBytes = 1024, MaxBulkItems = 2 });
        var body = $$"""{{{Keys}}}""";

        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/d1", body.PadRight(1024))).Code);
        Assert.Equal((413, "413000"), Outcome(await host.AskAsync("PUT", "/enrollments/d2", body.PadRight(1025))));
        string Item(int id) => $$"""{"registrationId":"b{{id}}",{{Keys}}}""";
        Assert.Equal(200, (await host.AskAsync("POST", "/enrollments", $$"""{"mode":"create","enrollments":[{{Item(1)}},{{Item(2)}}]}""")).Code);
        Assert.Equal((400, "400004"), Outcome(await host.AskAsync("POST", "/enrollments", $$"""{"mode":"create","enrollments":[{{Item(3)}},{{Item(4)}},{{Item(5)}}]}""")));
        Assert.Equal((400, "400004"), Outcome(await host.AskAsync("POST", "/enrollments", """{"mode":"create","enrollments":[]}""")));
        Assert.Equal((400, "400004"), Outcome(await host.AskAsync("POST", "/enrollments", """{"mode":"create","enrollments":[null]}""")));
        Assert.Equal((400, "400004"), Outcome(await host.AskAsync("POST", "/enrollments", $$"""{"mode":"1","enrollments":[{{Item(6)}}]}""")));
    }

    [Fact]
    public async Task A_certificate_and_the_information_of_a_device_may_be_as_large_as_their_limits_and_not_one_byte_more()
    {
        using var certificate = TestCertificate.SelfSigned("d1");
        var size = certificate.Certificate.RawData.Length;
        await using var host = await ProvisioningHost.StartAsync(options: new ProvisioningOptions { MaxCertificateBytes = size, MaxDeviceInformationBytes = 64 });
        await using var narrow = await ProvisioningHost.StartAsync(options: new ProvisioningOptions { MaxCertificateBytes = size - 1 });
        static string Information(int bytes) => $"{{{Keys},\"optionalDeviceInformation\":{{\"a\":\"{new string('x', bytes - 8)}\"}}}}";

        await host.EnrollAsync("d1", EnrollmentSuite.Clients(certificate.Base64));
        Assert.Equal((400, "400004"), Outcome(await narrow.AskAsync("PUT", "/enrollments/d1", $$"""{{{EnrollmentSuite.Clients(certificate.Base64)}}}""")));
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/d2", Information(64))).Code);
        Assert.Equal((400, "400004"), Outcome(await host.AskAsync("PUT", "/enrollments/d3", Information(65))));
    }

    [Fact]
    public async Task The_information_of_a_device_may_be_nested_as_deep_as_every_list_can_show_it_and_not_deeper()
    {
        await using var host = await ProvisioningHost.StartAsync();
        static string Information(int levels) => $"{{{Keys},\"optionalDeviceInformation\":{{\"a\":{new string('[', levels - 1)}{new string(']', levels - 1)}}}}}";

        Assert.Equal((400, "400004"), Outcome(await host.AskAsync("PUT", "/enrollments/d1", Information(25))));
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/d1", Information(24))).Code);
        Assert.Equal(200, (await host.AskAsync("GET", "/enrollments/d1")).Code);
        Assert.Single((await host.AskAsync("POST", "/enrollments/query", """{"query":"SELECT * FROM enrollments"}""")).Body!.AsArray());
    }

    [Fact]
    public async Task What_was_stored_before_its_depth_was_bounded_is_shown_and_takes_no_list_with_it()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var deep = $"{new string('[', 30)}{new string(']', 30)}";
        foreach (var (id, information) in new[] { ("d1", $$"""{"a":{{deep}}}"""), ("d2", """{"a":1}""") })
        {
            await host.EnrollAsync(id, Keys);
            await host.Get<Database>().WriteAsync<bool>(
                async (transaction, token) =>
                {
                    await using var command = transaction.Connection.CreateCommand();
                    command.Transaction = transaction.Transaction;
                    command.CommandText = "UPDATE enrollments SET settings = @settings WHERE id = @id";
                    foreach (var (name, value) in new[] { ("settings", $$"""{"optionalDeviceInformation":{{information}}}"""), ("id", id) })
                    {
                        var parameter = command.CreateParameter();
                        (parameter.ParameterName, parameter.Value) = (name, value);
                        command.Parameters.Add(parameter);
                    }

                    return await command.ExecuteNonQueryAsync(token) == 1;
                },
                TestContext.Current.CancellationToken);
        }

        foreach (var where in new[] { "", " WHERE provisioningStatus = 'enabled'" })
        {
            var listed = await host.AskAsync("POST", "/enrollments/query", $$"""{"query":"SELECT * FROM enrollments{{where}}"}""");
            Assert.Equal((200, 2), (listed.Code, listed.Body!.AsArray().Count));
            Assert.Equal([deep, "1"], listed.Body.AsArray().Select(item => item!["optionalDeviceInformation"]?["a"]?.ToJsonString()));
        }

        Assert.Equal(deep, (await host.AskAsync("GET", "/enrollments/d1")).Body!["optionalDeviceInformation"]!["a"]!.ToJsonString());
    }

    [Fact]
    public async Task A_page_has_as_many_items_as_it_may_and_not_one_more()
    {
        await using var host = await ProvisioningHost.StartAsync(options: new ProvisioningOptions { MaxPageItems = 2 });
        foreach (var id in new[] { "d1", "d2", "d3" })
        {
            await host.EnrollAsync(id, Keys);
        }

        foreach (var wanted in new[] { ("x-ms-max-item-count", "2"), ("x-ms-max-item-count", "3"), ("x-ms-unused", "") })
        {
            Assert.Equal(2, (await host.AskAsync("POST", "/enrollments/query", """{"query":"SELECT * FROM enrollments"}""", null, wanted)).Body!.AsArray().Count);
        }

        Assert.Equal(400, (await host.AskAsync("POST", "/enrollments/query", """{"query":"SELECT * FROM enrollments"}""", null, ("x-ms-max-item-count", "0"))).Code);
    }

    private static string Tpm(string endorsement, string? root = null) =>
        new JsonObject { ["attestation"] = new JsonObject { ["type"] = "tpm", ["tpm"] = new JsonObject { ["endorsementKey"] = endorsement, ["storageRootKey"] = root } } }.ToJsonString();

    private static (int Code, string Error) Outcome(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("errorCode"));
}
