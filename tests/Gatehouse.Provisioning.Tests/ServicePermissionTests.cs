using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.AccessPolicies;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Keys;
using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Who may do what at the service API, written down a second time and asked of the running pipeline with a policy for each right.</summary>
public sealed class ServicePermissionTests
{
    private const string Body = """{"registrationId":"other","query":"SELECT","mode":"none","validityDays":0}""";

    private static readonly Dictionary<string, (Rights Right, string Method, string Path, int Status)> Table = new()
    {
        ["GetIndividualEnrollment"] = (Rights.EnrollmentRead, "GET", "enrollments/none", 404),
        ["CreateOrUpdateIndividualEnrollment"] = (Rights.EnrollmentWrite, "PUT", "enrollments/none", 400),
        ["DeleteIndividualEnrollment"] = (Rights.EnrollmentWrite, "DELETE", "enrollments/none", 404),
        ["RunBulkEnrollmentOperation"] = (Rights.EnrollmentWrite, "POST", "enrollments", 400),
        ["QueryIndividualEnrollments"] = (Rights.EnrollmentRead, "POST", "enrollments/query", 400),
        ["GetIndividualEnrollmentAttestationMechanism"] = (Rights.EnrollmentWrite, "POST", "enrollments/none/attestationmechanism", 404),
        ["GetEnrollmentGroup"] = (Rights.EnrollmentRead, "GET", "enrollmentGroups/none", 404),
        ["CreateOrUpdateEnrollmentGroup"] = (Rights.EnrollmentWrite, "PUT", "enrollmentGroups/none", 400),
        ["DeleteEnrollmentGroup"] = (Rights.EnrollmentWrite, "DELETE", "enrollmentGroups/none", 404),
        ["RunBulkEnrollmentGroupOperation"] = (Rights.EnrollmentWrite, "POST", "enrollmentGroups", 400),
        ["QueryEnrollmentGroups"] = (Rights.EnrollmentRead, "POST", "enrollmentGroups/query", 400),
        ["GetEnrollmentGroupAttestationMechanism"] = (Rights.EnrollmentWrite, "POST", "enrollmentGroups/none/attestationmechanism", 404),
        ["ListProvisioningCertificates"] = (Rights.ServiceConfig, "GET", "certificates", 200),
        ["GetProvisioningCertificate"] = (Rights.ServiceConfig, "GET", "certificates/none", 404),
        ["CreateOrUpdateProvisioningCertificate"] = (Rights.ServiceConfig, "PUT", "certificates/none", 400),
        ["DeleteProvisioningCertificate"] = (Rights.ServiceConfig, "DELETE", "certificates/none", 404),
        ["GenerateProvisioningVerificationCode"] = (Rights.ServiceConfig, "POST", "certificates/none/generateVerificationCode", 404),
        ["VerifyProvisioningCertificate"] = (Rights.ServiceConfig, "POST", "certificates/none/verify", 404),
        ["GetProvisioningService"] = (Rights.ServiceConfig, "GET", "provisioningService", 200),
        ["UpdateProvisioningService"] = (Rights.ServiceConfig, "PATCH", "provisioningService", 400),
        ["ListProvisioningPolicies"] = (Rights.ServiceConfig, "GET", "authorizationPolicies", 200),
        ["GetProvisioningPolicy"] = (Rights.ServiceConfig, "GET", "authorizationPolicies/none", 404),
        ["CreateOrUpdateProvisioningPolicy"] = (Rights.ServiceConfig, "PUT", "authorizationPolicies/none", 400),
        ["DeleteProvisioningPolicy"] = (Rights.ServiceConfig, "DELETE", "authorizationPolicies/none", 404),
        ["ListProvisioningPolicyKeys"] = (Rights.ServiceConfig, "POST", "authorizationPolicies/none/listkeys", 404),
        ["RegenerateProvisioningPolicyKey"] = (Rights.ServiceConfig, "POST", "authorizationPolicies/none/regenerateKey", 404),
        ["ListLinkedHubs"] = (Rights.ServiceConfig, "GET", "iotHubs", 200),
        ["GetLinkedHub"] = (Rights.ServiceConfig, "GET", "iotHubs/none", 404),
        ["CreateOrUpdateLinkedHub"] = (Rights.ServiceConfig, "PUT", "iotHubs/none", 400),
        ["DeleteLinkedHub"] = (Rights.ServiceConfig, "DELETE", "iotHubs/none", 404),
        ["ListCredentialPolicies"] = (Rights.ServiceConfig, "GET", "credentialPolicies", 200),
        ["GetCredentialPolicy"] = (Rights.ServiceConfig, "GET", "credentialPolicies/none", 404),
        ["CreateOrUpdateCredentialPolicy"] = (Rights.ServiceConfig, "PUT", "credentialPolicies/none", 400),
        ["DeleteCredentialPolicy"] = (Rights.ServiceConfig, "DELETE", "credentialPolicies/none", 404),
        ["ListIssuedCertificates"] = (Rights.RegistrationStatusRead, "GET", "issuedCertificates", 200),
        ["RevokeIssuedCertificate"] = (Rights.RegistrationStatusWrite, "POST", "issuedCertificates/none/revoke", 404),
        ["GetDeviceRegistrationState"] = (Rights.RegistrationStatusRead, "GET", "registrations/none", 404),
        ["DeleteDeviceRegistrationState"] = (Rights.RegistrationStatusWrite, "DELETE", "registrations/none", 404),
        ["RequestAttestation"] = (Rights.RegistrationStatusWrite, "POST", "registrations/none/requestAttestation", 404),
        ["QueryDeviceRegistrationStates"] = (Rights.RegistrationStatusRead, "POST", "registrations/none/query", 200),
        ["ReadProvisioningCredentialUses"] = (Rights.RegistrationStatusRead, "GET", "credentialUses", 200),
        ["ReadProvisioningCertificateInventory"] = (Rights.RegistrationStatusRead, "GET", "certificateInventory", 200),
        ["AcknowledgeProvisioningCertificateAlarm"] = (Rights.RegistrationStatusWrite, "POST", "certificateAlarms/none/acknowledge", 404),
        ["ManageProvisioningRotations"] = (Rights.EnrollmentWrite, "GET", "rotations", 200),
    };

    /// <summary>Further routes of these operations.</summary>
    private static readonly (string Name, string Method, string Path, int Status)[] MoreRoutes =
    [
        ("ReadProvisioningCredentialUses", "GET", "credentialUses/users", 400),
        ("ReadProvisioningCredentialUses", "GET", "registrations/none/credentialUses", 200),
        ("ReadProvisioningCertificateInventory", "GET", "certificateForecast", 200),
        ("ReadProvisioningCertificateInventory", "GET", "certificateAlarms", 200),
        ("ManageProvisioningRotations", "POST", "rotations", 400),
        ("ManageProvisioningRotations", "GET", "rotations/none", 404),
        ("ManageProvisioningRotations", "POST", "rotations/none", 404),
        ("ManageProvisioningRotations", "GET", "rotationRules", 200),
        ("ManageProvisioningRotations", "PUT", "rotationRules/none", 400),
        ("ManageProvisioningRotations", "DELETE", "rotationRules/none", 404),
        ("ManageProvisioningRotations", "GET", "rotationRules/none/due", 404),
    ];

    private static IEnumerable<(string Name, Rights Right, string Method, string Path, int Status)> Routes =>
        Table.Select(row => (row.Key, row.Value.Right, row.Value.Method, row.Value.Path, row.Value.Status))
            .Concat(MoreRoutes.Select(row => (row.Name, Table[row.Name].Right, row.Method, row.Path, row.Status)));

    [Fact]
    public async Task Every_operation_of_the_service_api_is_in_this_table_and_has_its_route()
    {
        await using var host = await ProvisioningHost.StartAsync();

        Assert.Equal(Table.Keys.Order(), Operations.All.Where(row => row.Plane == Plane.Provisioning).Select(row => row.Name).Order());
        Assert.Equal(["GetDeviceRegistration", "GetIssuers", "GetOperationStatus", "RegisterDevice"], Operations.All.Where(row => row.Plane == Plane.Registration).Select(row => row.Name).Order());
        Assert.Equal(
            Routes.Select(row => $"{row.Name} {row.Method} {row.Path.Replace("none", "{id}", StringComparison.Ordinal)}").Order(),
            host.Get<IServiceProvider>().GetServices<ServiceOperation>().Select(operation => $"{operation.Row.Name} {operation.Method} {operation.Template}").Order());
    }

    [Fact]
    public async Task Each_right_opens_its_operations_and_no_other()
    {
        await using var host = await ProvisioningHost.StartAsync();
        foreach (var held in new[] { Rights.ServiceConfig, Rights.EnrollmentRead, Rights.EnrollmentWrite, Rights.DeviceConnect, Rights.RegistrationStatusRead, Rights.RegistrationStatusWrite, Rights.Owner })
        {
            var token = await PolicyAsync(host, held);
            foreach (var (name, right, method, path, status) in Routes)
            {
                var answer = await host.SendAsync(method, $"/{path}?api-version=2021-10-01", token, method is "PUT" or "POST" or "PATCH" && !path.EndsWith("none/query", StringComparison.Ordinal) ? Body : null);

                Assert.True(answer.Code == (held == right ? status : 401), $"{held} {name}: {answer.Code} {answer.Body?.ToJsonString()}");
            }
        }
    }

    [Fact]
    public async Task Nobody_gets_in_without_a_good_token_of_this_service()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var good = await PolicyAsync(host, Rights.ProvisioningOwner);
        var key = Convert.ToBase64String(new byte[32]);
        string?[] wrong =
        [
            null, "Bearer x", host.Sign("localhost", key, ProvisioningPolicies.OwnerName), host.Sign("localhost", key, "nobody"),
            good.Replace("sr=localhost", "sr=elsewhere", StringComparison.Ordinal), good.Replace("&se=", "&se=9", StringComparison.Ordinal),
        ];
        foreach (var (_, _, method, path, _) in Routes)
        {
            foreach (var token in wrong)
            {
                var answer = await host.SendAsync(method, $"/{path}?api-version=2021-10-01", token, "{}");

                Assert.Equal((401, "401002", "Unauthorized"), (answer.Code, answer.Text("errorCode"), answer.Text("message")));
            }
        }

        Assert.Equal(400, (await host.SendAsync("GET", "/enrollments/none", good)).Code); // no api-version
        Assert.Equal(404, (await host.SendAsync("GET", "/enrollments/none?api-version=1", good)).Code);
        Assert.Equal((405, "PUT, DELETE"), await NotAllowedAsync(host, good));
    }

    private static async Task<(int, string)> NotAllowedAsync(ProvisioningHost host, string token)
    {
        var answer = await host.SendAsync("PATCH", "/enrollments/none?api-version=1", token, "{}");
        return (answer.Code, string.Join(", ", answer.Headers["Allow"].Split(", ").Where(method => method != "GET")));
    }

    private static async Task<string> PolicyAsync(ProvisioningHost host, Rights rights)
    {
        var name = $"p{(long)rights}";
        var binding = PolicyRow.BindingOf(host.Instance.Name.Value, name, "g");
        var key = new byte[32];
        Random.Shared.NextBytes(key);
        var sealedKey = host.Get<SecretVault>().Seal(key, binding).Blob.ToArray();
        var row = new PolicyRow { Service = host.Instance.Name.Value, Name = name, GenerationId = "g", Rights = (long)rights, PrimaryKey = sealedKey, SecondaryKey = sealedKey, Created = 0, Changed = 0 };
        await host.Get<Database>().WriteAsync<bool>(
            async (transaction, token) =>
            {
                await PolicyRows.InsertAsync(transaction, row, token);
                return true;
            },
            TestContext.Current.CancellationToken);
        return host.Sign("localhost", Convert.ToBase64String(key), name);
    }
}
