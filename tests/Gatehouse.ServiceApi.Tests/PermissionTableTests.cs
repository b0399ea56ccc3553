using Gatehouse.Contracts.Access;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.ServiceApi.Rest;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>Who may do what, written down a second time and asked of the running pipeline: every operation and route with every built-in policy, no token and wrong tokens.</summary>
public sealed class PermissionTableTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Service = "?api-version=2021-04-12";
    private const string Operator = "/gatehouse/v1/";

    private static readonly string[] Readers = ["iothubowner", "registryRead", "registryReadWrite"];
    private static readonly string[] Writers = ["iothubowner", "registryReadWrite"];
    private static readonly string[] Connectors = ["iothubowner", "service"];
    private static readonly string[] Owners = ["iothubowner"];

    /// <summary>Operation, who may, and its routes with what the allowed get. Nothing here changes anything, so that order does not matter.</summary>
    private static readonly Dictionary<string, (string[] Allowed, Route[] Routes)> Table = new()
    {
        ["GetDevice"] = (Readers, [new("GET", "devices/{deviceId}", $"/devices/none{Service}", 404)]),
        ["ListDevices"] = (Readers, [new("GET", "devices", $"/devices{Service}", 200)]),
        ["CreateOrUpdateDevice"] = (Writers, [new("PUT", "devices/{deviceId}", $"/devices/none{Service}", 400, "{}")]),
        ["DeleteDevice"] = (Writers, [new("DELETE", "devices/{deviceId}", $"/devices/none{Service}", 404)]),
        ["BulkDevices"] = (Writers, [new("POST", "devices", $"/devices{Service}", 400, "[]")]),
        ["RegenerateKeys"] = (Writers, [new("POST", "devices/keys/regenerate", $"/devices/keys/regenerate{Service}", 400, """{"policyKey":"primaryKey","devices":[]}""")]),
        ["ListModules"] = (Readers, [new("GET", "devices/{deviceId}/modules", $"/devices/none/modules{Service}", 404)]),
        ["GetModule"] = (Readers, [new("GET", "devices/{deviceId}/modules/{moduleId}", $"/devices/none/modules/m{Service}", 404)]),
        ["CreateOrUpdateModule"] = (Writers, [new("PUT", "devices/{deviceId}/modules/{moduleId}", $"/devices/none/modules/m{Service}", 400, "{}")]),
        ["DeleteModule"] = (Writers, [new("DELETE", "devices/{deviceId}/modules/{moduleId}", $"/devices/none/modules/m{Service}", 404)]),
        ["GetDeviceStatistics"] = (Readers, [new("GET", "statistics/devices", $"/statistics/devices{Service}", 200)]),
        ["GetServiceStatistics"] = (Readers, [new("GET", "statistics/service", $"/statistics/service{Service}", 200)]),
        ["SendCloudToDeviceMessage"] = (Connectors, [new("POST", "devices/{deviceId}/messages/deviceBound", $"/devices/none/messages/deviceBound{Service}", 404, "x")]),
        ["PurgeCloudToDeviceMessageQueue"] = (Connectors, [new("DELETE", "devices/{deviceId}/commands", $"/devices/none/commands{Service}", 404)]),
        ["ReceiveFeedbackNotification"] = (Connectors,
        [
            new("GET", "messages/serviceBound/feedback", $"/messages/serviceBound/feedback{Service}", 204),
            new("DELETE", "messages/serviceBound/feedback/{lockToken}", $"/messages/serviceBound/feedback/none{Service}", 412),
            new("POST", "messages/serviceBound/feedback/{lockToken}/abandon", $"/messages/serviceBound/feedback/none/abandon{Service}", 412),
        ]),
        ["ReceiveFileUploadNotification"] = (Connectors,
        [
            new("GET", "messages/serviceBound/filenotifications", $"/messages/serviceBound/filenotifications{Service}", 204),
            new("DELETE", "messages/serviceBound/filenotifications/{lockToken}", $"/messages/serviceBound/filenotifications/none{Service}", 412),
            new("POST", "messages/serviceBound/filenotifications/{lockToken}/abandon", $"/messages/serviceBound/filenotifications/none/abandon{Service}", 412),
        ]),
        ["QueryTwins"] = ([.. Readers, "service"], [new("POST", "devices/query", $"/devices/query{Service}", 200, """{"query":"SELECT * FROM devices WHERE deviceId = 'none'"}""")]),
        ["GetConfiguration"] = ([.. Readers, "service"], [new("GET", "configurations/{id}", $"/configurations/none{Service}", 404)]),
        ["ListConfigurations"] = ([.. Readers, "service"], [new("GET", "configurations", $"/configurations{Service}", 200)]),
        ["CreateOrUpdateConfiguration"] = (Writers, [new("PUT", "configurations/{id}", $"/configurations/none{Service}", 400, "{}")]),
        ["DeleteConfiguration"] = (Writers, [new("DELETE", "configurations/{id}", $"/configurations/none{Service}", 404)]),
        ["TestConfigurationQueries"] = ([.. Readers, "service"], [new("POST", "configurations/testQueries", $"/configurations/testQueries{Service}", 200, "{}")]),
        ["ApplyConfigurationContent"] = (Writers, [new("POST", "devices/{deviceId}/applyConfigurationContent", $"/devices/none/applyConfigurationContent{Service}", 400, "{}")]),
        ["InvokeMethod"] = (Connectors,
        [
            new("POST", "twins/{deviceId}/methods", $"/twins/none/methods{Service}", 404, """{"methodName":"m"}"""),
            new("POST", "twins/{deviceId}/modules/{moduleId}/methods", $"/twins/none/modules/m/methods{Service}", 404, """{"methodName":"m"}"""),
        ]),
        ["CreateScheduledJob"] = (Connectors, [new("PUT", "jobs/v2/{jobId}", $"/jobs/v2/j{Service}", 400, "{}")]),
        ["GetScheduledJob"] = (Connectors, [new("GET", "jobs/v2/{jobId}", $"/jobs/v2/j{Service}", 200)]),
        ["CancelScheduledJob"] = (Connectors, [new("POST", "jobs/v2/{jobId}/cancel", $"/jobs/v2/j/cancel{Service}", 404)]),
        ["QueryScheduledJobs"] = (Connectors, [new("GET", "jobs/v2/query", $"/jobs/v2/query{Service}", 200)]),
        ["CreateImportExportJob"] = (Writers, [new("POST", "jobs/create", $"/jobs/create{Service}", 400, "{}")]),
        ["GetImportExportJob"] = (Readers, [new("GET", "jobs", $"/jobs{Service}", 200), new("GET", "jobs/{jobId}", $"/jobs/none{Service}", 404)]),
        ["CancelImportExportJob"] = (Writers, [new("DELETE", "jobs/{jobId}", $"/jobs/none{Service}", 404)]),
        ["GetTwin"] = (Connectors,
        [
            new("GET", "twins/{deviceId}", $"/twins/none{Service}", 404),
            new("GET", "twins/{deviceId}/modules/{moduleId}", $"/twins/none/modules/m{Service}", 404),
        ]),
        ["UpdateTwin"] = (Connectors,
        [
            new("PATCH", "twins/{deviceId}", $"/twins/none{Service}", 404, "{}"),
            new("PATCH", "twins/{deviceId}/modules/{moduleId}", $"/twins/none/modules/m{Service}", 404, "{}"),
        ]),
        ["ReplaceTwin"] = (Connectors,
        [
            new("PUT", "twins/{deviceId}", $"/twins/none{Service}", 404, "{}"),
            new("PUT", "twins/{deviceId}/modules/{moduleId}", $"/twins/none/modules/m{Service}", 404, "{}"),
        ]),
        ["GetDigitalTwin"] = (Connectors, [new("GET", "digitaltwins/{deviceId}", $"/digitaltwins/none{Service}", 404)]),
        ["UpdateDigitalTwin"] = (Connectors, [new("PATCH", "digitaltwins/{deviceId}", $"/digitaltwins/none{Service}", 404, "[]")]),
        ["InvokeCommand"] = (Connectors,
        [
            new("POST", "digitaltwins/{deviceId}/commands/{command}", $"/digitaltwins/none/commands/c{Service}", 404, "{}"),
            new("POST", "digitaltwins/{deviceId}/components/{component}/commands/{command}", $"/digitaltwins/none/components/x/commands/c{Service}", 404, "{}"),
        ]),
        ["ReadEvents"] = (Connectors, [new("GET", "gatehouse/v1/events", $"{Operator}events?partition=99", 400)]),
        ["GetPartitions"] = (Connectors, [new("GET", "gatehouse/v1/partitions", $"{Operator}partitions", 200)]),
        ["ManageConsumerGroups"] = (Owners,
        [
            new("GET", "gatehouse/v1/consumer-groups", $"{Operator}consumer-groups", 200),
            new("PUT", "gatehouse/v1/consumer-groups/{name}", $"{Operator}consumer-groups/-", 400),
            new("DELETE", "gatehouse/v1/consumer-groups/{name}", $"{Operator}consumer-groups/none", 404),
        ]),
        ["ManagePolicies"] = (Owners,
        [
            new("GET", "gatehouse/v1/policies", $"{Operator}policies", 200),
            new("GET", "gatehouse/v1/policies/{name}", $"{Operator}policies/none", 404),
            new("PUT", "gatehouse/v1/policies/{name}", $"{Operator}policies/none", 400, "{}"),
            new("DELETE", "gatehouse/v1/policies/{name}", $"{Operator}policies/none", 404, IfMatch: null),
            new("POST", "gatehouse/v1/policies/{name}/regenerate-key", $"{Operator}policies/none/regenerate-key", 404, """{"key":"primary"}""", IfMatch: null),
        ]),
        ["ManageKeys"] = (Owners,
        [
            new("GET", "gatehouse/v1/keys", $"{Operator}keys", 200),
            new("POST", "gatehouse/v1/keys", $"{Operator}keys", 400, """{"key":"none"}"""),
            new("POST", "gatehouse/v1/keys/request", $"{Operator}keys/request", 404, """{"key":"file:none","subject":"CN=x"}"""),
            new("POST", "gatehouse/v1/keys/use", $"{Operator}keys/use", 404, """{"key":"file:none"}"""),
            new("POST", "gatehouse/v1/keys/move", $"{Operator}keys/move", 400, """{"key":"tpm:none"}"""),
            new("POST", "gatehouse/v1/keys/rotate", $"{Operator}keys/rotate", 400, """{"key":"none"}"""),
        ]),
        ["ManageCertificates"] = (Owners,
        [
            new("GET", "gatehouse/v1/certificates", $"{Operator}certificates", 200),
            new("GET", "gatehouse/v1/certificates/{name}", $"{Operator}certificates/none", 404),
            new("PUT", "gatehouse/v1/certificates/{name}", $"{Operator}certificates/none", 400, "{}"),
            new("DELETE", "gatehouse/v1/certificates/{name}", $"{Operator}certificates/none", 404),
            new("POST", "gatehouse/v1/certificates/{name}/generateVerificationCode", $"{Operator}certificates/none/generateVerificationCode", 404),
            new("POST", "gatehouse/v1/certificates/{name}/verify", $"{Operator}certificates/none/verify", 404, """{"certificate":"x"}"""),
        ]),
        ["ManageServerCertificate"] = (Owners,
        [
            new("GET", "gatehouse/v1/server-certificate", $"{Operator}server-certificate", 200),
            new("POST", "gatehouse/v1/server-certificate/stage", $"{Operator}server-certificate/stage", 400, "{}"),
            new("POST", "gatehouse/v1/server-certificate/{change}", $"{Operator}server-certificate/retire", 400),
        ]),
        ["ManageRevocations"] = (Owners,
        [
            new("GET", "gatehouse/v1/revocations", $"{Operator}revocations", 200),
            new("POST", "gatehouse/v1/revocations", $"{Operator}revocations", 400, "{}"),
            new("DELETE", "gatehouse/v1/revocations/{mark}", $"{Operator}revocations/{new string('A', 64)}", 404),
            new("GET", "gatehouse/v1/revocation-lists", $"{Operator}revocation-lists", 200),
            new("POST", "gatehouse/v1/revocation-lists", $"{Operator}revocation-lists", 400, "{}"),
            new("GET", "gatehouse/v1/revocation-lists/{ca}", $"{Operator}revocation-lists/none", 404),
            new("DELETE", "gatehouse/v1/revocation-lists/{ca}", $"{Operator}revocation-lists/none", 404),
            new("PUT", "gatehouse/v1/revocation-lists/{ca}/rule", $"{Operator}revocation-lists/none/rule", 404, """{"stale":"refuse"}"""),
        ]),
        ["ManageRotations"] = (Owners,
        [
            new("GET", "gatehouse/v1/rotations", $"{Operator}rotations", 200),
            new("POST", "gatehouse/v1/rotations", $"{Operator}rotations", 400, "{}"),
            new("GET", "gatehouse/v1/rotations/{plan}", $"{Operator}rotations/none", 404),
            new("GET", "gatehouse/v1/rotations/{plan}/keys", $"{Operator}rotations/none/keys", 404),
            new("POST", "gatehouse/v1/rotations/{plan}/{change}", $"{Operator}rotations/none/start", 404),
            new("GET", "gatehouse/v1/rotation-rules", $"{Operator}rotation-rules", 200),
            new("PUT", "gatehouse/v1/rotation-rules/{kind}", $"{Operator}rotation-rules/none", 400, "{}"),
            new("DELETE", "gatehouse/v1/rotation-rules/{kind}", $"{Operator}rotation-rules/none", 404),
            new("GET", "gatehouse/v1/rotation-rules/{kind}/due", $"{Operator}rotation-rules/none/due", 404),
        ]),
        ["ManageStrictness"] = (Owners,
        [
            new("GET", "gatehouse/v1/strictness", $"{Operator}strictness", 200),
            new("PATCH", "gatehouse/v1/strictness", $"{Operator}strictness", 400, "{}", IfMatch: null),
            new("GET", "gatehouse/v1/networks", $"{Operator}networks", 200),
            new("GET", "gatehouse/v1/devices/{deviceId}/networks", $"{Operator}devices/none/networks", 404),
            new("PUT", "gatehouse/v1/devices/{deviceId}/networks", $"{Operator}devices/none/networks", 404, """{"ranges":["192.0.2.1"]}"""),
            new("DELETE", "gatehouse/v1/devices/{deviceId}/networks", $"{Operator}devices/none/networks", 404),
        ]),
        ["ReadCredentialUses"] = (Readers,
        [
            new("GET", "gatehouse/v1/credentials", $"{Operator}credentials", 200),
            new("GET", "gatehouse/v1/credentials/users", $"{Operator}credentials/users?credential=primaryKey", 200),
            new("GET", "gatehouse/v1/devices/{deviceId}/credentials", $"{Operator}devices/none/credentials", 200),
            new("GET", "gatehouse/v1/radar", $"{Operator}radar?without=primaryKey", 200),
            new("GET", "gatehouse/v1/devices/{deviceId}/modules/{moduleId}/credentials", $"{Operator}devices/none/modules/m/credentials", 200),
        ]),
        ["ReadCertificateInventory"] = (Readers,
        [
            new("GET", "gatehouse/v1/certificate-inventory", $"{Operator}certificate-inventory", 200),
            new("GET", "gatehouse/v1/certificate-forecast", $"{Operator}certificate-forecast", 200),
            new("GET", "gatehouse/v1/certificate-alarms", $"{Operator}certificate-alarms", 200),
        ]),
        ["AcknowledgeCertificateAlarm"] = (Writers, [new("POST", "gatehouse/v1/certificate-alarms/{alarm}/acknowledge", $"{Operator}certificate-alarms/none/acknowledge", 404)]),
        ["ManageRouting"] = (Owners,
        [
            new("GET", "gatehouse/v1/routing", $"{Operator}routing", 200),
            new("PUT", "gatehouse/v1/routing", $"{Operator}routing", 400, """{"routes":[{}]}"""),
            new("GET", "gatehouse/v1/routing/status", $"{Operator}routing/status", 200),
            new("POST", "gatehouse/v1/routing/test-all", $"{Operator}routing/test-all", 200, "{}"),
            new("POST", "gatehouse/v1/routing/test-new", $"{Operator}routing/test-new", 200, "{}"),
            new("GET", "gatehouse/v1/routing/fallback", $"{Operator}routing/fallback", 200),
            new("PUT", "gatehouse/v1/routing/fallback", $"{Operator}routing/fallback", 400, "[]"),
            new("GET", "gatehouse/v1/routing/routes", $"{Operator}routing/routes", 200),
            new("GET", "gatehouse/v1/routing/routes/{name}", $"{Operator}routing/routes/none", 404),
            new("PUT", "gatehouse/v1/routing/routes/{name}", $"{Operator}routing/routes/none", 400, "{}"),
            new("DELETE", "gatehouse/v1/routing/routes/{name}", $"{Operator}routing/routes/none", 404),
            new("GET", "gatehouse/v1/routing/endpoints", $"{Operator}routing/endpoints", 200),
            new("GET", "gatehouse/v1/routing/endpoints/{name}", $"{Operator}routing/endpoints/none", 404),
            new("PUT", "gatehouse/v1/routing/endpoints/{name}", $"{Operator}routing/endpoints/none", 400, "{}"),
            new("DELETE", "gatehouse/v1/routing/endpoints/{name}", $"{Operator}routing/endpoints/none", 404),
            new("GET", "gatehouse/v1/routing/endpoints/{name}/dead-letters", $"{Operator}routing/endpoints/none/dead-letters", 404),
            new("DELETE", "gatehouse/v1/routing/endpoints/{name}/dead-letters", $"{Operator}routing/endpoints/none/dead-letters", 404),
            new("POST", "gatehouse/v1/routing/endpoints/{name}/dead-letters/replay", $"{Operator}routing/endpoints/none/dead-letters/replay", 404),
            new("GET", "gatehouse/v1/routing/endpoints/{name}/dead-letters/{id}", $"{Operator}routing/endpoints/none/dead-letters/0-1", 404),
            new("DELETE", "gatehouse/v1/routing/endpoints/{name}/dead-letters/{id}", $"{Operator}routing/endpoints/none/dead-letters/0-1", 404),
            new("POST", "gatehouse/v1/routing/endpoints/{name}/dead-letters/{id}/replay", $"{Operator}routing/endpoints/none/dead-letters/0-1/replay", 404),
            new("GET", "gatehouse/v1/routing/enrichments", $"{Operator}routing/enrichments", 200),
            new("GET", "gatehouse/v1/routing/enrichments/{key}", $"{Operator}routing/enrichments/none", 404),
            new("PUT", "gatehouse/v1/routing/enrichments/{key}", $"{Operator}routing/enrichments/none", 400, "{}"),
            new("DELETE", "gatehouse/v1/routing/enrichments/{key}", $"{Operator}routing/enrichments/none", 404),
        ]),
        ["ManageFileUpload"] = (Owners,
        [
            new("GET", "gatehouse/v1/file-upload", $"{Operator}file-upload", 200),
            new("PUT", "gatehouse/v1/file-upload", $"{Operator}file-upload", 400, """{"storageEndpoints":{"$default":{"sasTtlAsIso8601":"soon"}}}"""),
        ]),
        ["ReadFiles"] = (Connectors,
        [
            new("GET", "gatehouse/v1/files", $"{Operator}files", 200),
            new("GET", "gatehouse/v1/files/content", $"{Operator}files/content?name=none", 404),
        ]),
        ["DeleteFile"] = (Owners, [new("DELETE", "gatehouse/v1/files", $"{Operator}files?name=none", 404)]),
        ["ReadRefusals"] = (Readers, [new("GET", "gatehouse/v1/refusals", $"{Operator}refusals", 200)]),
        ["ReadAudit"] = (Owners,
        [
            new("GET", "gatehouse/v1/audit", $"{Operator}audit", 200),
            new("GET", "gatehouse/v1/audit/verify", $"{Operator}audit/verify", 200),
        ]),
        ["ReadTrustLog"] = (Owners,
        [
            new("GET", "gatehouse/v1/log", $"{Operator}log", 200),
            new("GET", "gatehouse/v1/log/checkpoint", $"{Operator}log/checkpoint", 200),
            new("GET", "gatehouse/v1/log/fingerprints/{sha256}", $"{Operator}log/fingerprints/00", 400),
            new("GET", "gatehouse/v1/log/tile/{level}/{a}", $"{Operator}log/tile/0/999", 404),
            new("GET", "gatehouse/v1/log/tile/{level}/{a}/{b}", $"{Operator}log/tile/7/000.p/1", 404),
            new("GET", "gatehouse/v1/log/tile/{level}/{a}/{b}/{c}", $"{Operator}log/tile/entries/x001/000.p/1", 404),
            new("GET", "gatehouse/v1/log/tile/{level}/{a}/{b}/{c}/{d}", $"{Operator}log/tile/entries/x001/x000/000.p/1", 404),
        ]),
        ["ManageTrustLog"] = (Owners,
        [
            new("POST", "gatehouse/v1/log/key", $"{Operator}log/key", 400, """{"key":"nowhere"}"""),
            new("POST", "gatehouse/v1/log/begin-anew", $"{Operator}log/begin-anew", 400),
        ]),
    };

    public static TheoryData<string> Names => new(Operations.All.Where(row => row.Plane is Plane.Service or Plane.Operator).Select(row => row.Name));

    [Fact]
    public void Every_row_is_in_this_table_or_stands_behind_the_device_door()
    {
        var elsewhere = Operations.All.Where(row => row.Plane == Plane.Device).Select(row => row.Name);

        // Tested with real sessions: Gatehouse.Gateway.Tests, DevicePermissionTests.
        Assert.Equal(
            ["ConnectDevice", "SendTelemetry", "ReceiveCloudToDeviceMessage", "ReceiveMethodCall", "ReadOwnTwin", "UpdateReportedProperties", "ObserveDesiredProperties", "InitializeFileUpload", "NotifyFileUpload", "IssueCertificate"],
            elsewhere);
        Assert.Equal(Table.Keys.Order(), Names.Select(name => name.Data).Order());
        Assert.Equal(Operations.All.Count, Operations.All.Select(row => row.Name).Distinct().Count());
    }

    [Fact]
    public void Every_route_of_the_pipeline_is_in_this_table()
    {
        var routes = api.Services.GetServices<ApiOperation>().Select(operation => $"{operation.Row.Name} {operation.Method} {operation.Template}");
        var known = Table.SelectMany(row => row.Value.Routes.Select(route => $"{row.Key} {route.Method} {route.Template}"));

        Assert.Equal(known.Order(), routes.Order());
    }

    [Fact]
    public void The_built_in_policies_are_the_services()
    {
        Assert.Equal(
            ["iothubowner RegistryRead, RegistryWrite, ServiceConnect, DeviceConnect", "service ServiceConnect", "device DeviceConnect", "registryRead RegistryRead", "registryReadWrite RegistryRead, RegistryWrite"],
            BuiltInPolicies.All.Select(policy => $"{policy.Key} {RightsText.Write(policy.Value)}"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_policy_gets_in_exactly_where_the_table_says(string operation)
    {
        var (allowed, routes) = Table[operation];
        foreach (var route in routes)
        {
            foreach (var (policy, _) in BuiltInPolicies.All)
            {
                var answer = await AskAsync(route, await api.TokenOfAsync(policy));

                if (allowed.Contains(policy))
                {
                    Assert.True(route.Status == answer.Code, $"{policy} {route.Method} {route.Path}: {answer.Code} {answer.Body}");
                }
                else
                {
                    ErrorShape.Check(answer, 401, "IotHubUnauthorizedAccess");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Nobody_gets_in_without_a_good_token_and_all_bad_ones_look_alike(string operation)
    {
        var key = Convert.ToBase64String(new byte[32]);
        var soon = api.Time.GetUtcNow().AddMinutes(10);
        var good = await api.TokenOfAsync("iothubowner");
        string?[] tokens =
        [
            null,
            "",
            "Bearer eyJhbGciOiJub25lIn0.e30.",
            "SharedAccessSignature",
            RunningApi.Sign("localhost", "iothubowner", key, soon),
            RunningApi.Sign("localhost", "nobody", key, soon),
            good.Replace("skn=iothubowner", "skn=service", StringComparison.Ordinal),
            good.Replace("&skn=iothubowner", "", StringComparison.Ordinal),
            good.Replace("&se=", "&se=9", StringComparison.Ordinal),
            await SignedAsync("localhost/nothing", soon),
            await SignedAsync("elsewhere", soon),
            await SignedAsync("localhost", api.Time.GetUtcNow().AddDays(-1)),
        ];
        foreach (var route in Table[operation].Routes)
        {
            foreach (var token in tokens)
            {
                ErrorShape.Check(await AskAsync(route, token), 401, "IotHubUnauthorizedAccess");
            }
        }
    }

    private Task<RunningApi.Answer> AskAsync(Route route, string? token) => api.AskAsync(route.Method, route.Path, token, route.Body, route.Method is "DELETE" or "POST" ? route.IfMatch : null);

    private async Task<string> SignedAsync(string resource, DateTimeOffset expiry)
    {
        var policies = api.Services.GetRequiredService<SharedAccessPolicies>();
        var owner = await policies.FindAsync(Contracts.Identities.HubName.Parse("gatehouse"), "iothubowner", TestContext.Current.CancellationToken);
        return RunningApi.Sign(resource, "iothubowner", owner.Value.PrimaryKey, expiry);
    }

    private sealed record Route(string Method, string Template, string Path, int Status, string? Body = null, string? IfMatch = "*");
}
