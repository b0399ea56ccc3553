using System.Reflection;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dapper;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub.Registry;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;
using static Gatehouse.Provisioning.Tests.CertificateIssuanceSuite;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteCertificateRenewalTests() : CertificateRenewalSuite(null);

public sealed class PostgresCertificateRenewalTests(PostgresServer server) : CertificateRenewalSuite(server);

/// <summary>Certificates that are renewed at the hub: for the device that shows one that it was issued, as long as its enrollment lets it in, and for nobody else.</summary>
public abstract class CertificateRenewalSuite(PostgresServer? server)
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;
    private const string Issued = """ "attestation":{"type":"symmetricKey"},"credentialPolicyName":"fleet" """;

    [Fact]
    public async Task The_new_certificate_stands_beside_the_one_that_the_device_shows_however_often_it_asks()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var first = await RegisteredAsync(host, "Dev-1");

        var second = await RenewedAsync(host, "Dev-1", first);
        Assert.Equal((second, first), await ThumbprintsAsync(host, "Dev-1"));
        var third = await RenewedAsync(host, "Dev-1", first); // the answer before was lost
        Assert.Equal((third, first), await ThumbprintsAsync(host, "Dev-1"));
        var fourth = await RenewedAsync(host, "Dev-1", third);
        Assert.Equal((fourth, third), await ThumbprintsAsync(host, "Dev-1"));

        var inventory = await InventoryAsync(host, "registrationId=dev-1");
        Assert.Equal([first, second, third, fourth], inventory.Select(each => each!["sha256Thumbprint"]!.GetValue<string>()));
        Assert.Equal(["superseded", "superseded", "superseded", "current"], inventory.Select(each => each!["status"]!.GetValue<string>()));
        Assert.Equal(4, (await host.AuditedAsync()).Count(entry => entry == "certificate.issue Dev-1"));
        foreach (var each in new[] { first, second, third, fourth })
        {
            Assert.True(await IsLoggedAsync(host, each));
        }
    }

    [Fact]
    public async Task A_renewal_by_a_certificate_that_is_revoked_meanwhile_comes_to_nothing()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var first = await RegisteredAsync(host, "dev-1");
        var serial = (await InventoryAsync(host)).Single()!["serialNumber"];
        var late = DispatchProxy.Create<IDeviceRegistrar, InterruptedRegistrar>();
        ((InterruptedRegistrar)late).Into(host.Get<IDeviceRegistrar>(), async () => Assert.Equal(200, (await host.AskAsync("POST", $"/issuedCertificates/{serial}/revoke")).Code));
        var renewal = new CertificateRenewal(host.Get<Database>(), host.Get<CertificateIssuer>(), host.Get<RegistrationQueue>(), host.Get<DeviceTurns>(), late, host.Get<ProvisioningMetrics>());

        var renewed = await renewal.RenewAsync(host.Hub.Name, DeviceId.Parse("dev-1"), first, Convert.FromBase64String(SigningRequests.Good("dev-1")), TestContext.Current.CancellationToken);

        Assert.Contains("was revoked", renewed.Error!.Message, StringComparison.Ordinal);
        Assert.Equal(["revoked"], (await InventoryAsync(host)).Select(each => each!["status"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_device_that_is_named_otherwise_in_its_hub_gets_the_name_of_its_registration()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var first = await RegisteredAsync(host, "reg-1", ",\"deviceId\":\"dev-1\"");

        var renewed = await RenewAsync(host, "dev-1", first, SigningRequests.Good("reg-1"));

        using var leaf = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(renewed.Value[0]));
        Assert.Equal(("CN=reg-1", 2), (leaf.Subject, renewed.Value.Count));
        Assert.Contains("did not pass verification", (await RenewAsync(host, "dev-1", first, SigningRequests.Good("dev-1"))).Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_renews_what_was_issued_to_another_or_in_the_name_of_another()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var (one, two) = (await RegisteredAsync(host, "dev-1"), await RegisteredAsync(host, "dev-2"));
        var before = await ThumbprintsAsync(host, "dev-1");

        foreach (var (device, presented, name) in new[] { ("dev-1", one, "dev-2"), ("dev-1", two, "dev-1"), ("dev-2", one, "dev-2"), ("dev-1", new string('A', 64), "dev-1"), ("nobody", one, "nobody") })
        {
            var refused = await RenewAsync(host, device, presented, SigningRequests.Good(name));

            Assert.Equal((400037, false), (refused.Error!.Code, refused.Error.IsTransient));
        }

        Assert.Equal(before, await ThumbprintsAsync(host, "dev-1"));
        Assert.Equal(2, (await InventoryAsync(host)).Count);
    }

    [Theory]
    [InlineData("DELETE", null)]
    [InlineData("PUT", $$"""{"provisioningStatus":"disabled",{{Issued}}}""")]
    [InlineData("PUT", $$"""{{{Keys}}}""")]
    public async Task An_enrollment_that_is_gone_or_disabled_or_issues_nothing_renews_nothing(string method, string? body)
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var first = await RegisteredAsync(host, "dev-1");
        Assert.True((await host.AskAsync(method, "/enrollments/dev-1", body, "*")).Code < 300);

        Assert.Equal(400037, (await RenewAsync(host, "dev-1", first, SigningRequests.Good("dev-1"))).Error!.Code);

        Assert.Equal((first, null), await ThumbprintsAsync(host, "dev-1"));
    }

    [Fact]
    public async Task A_device_in_quarantine_renews_nothing()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var first = await RegisteredAsync(host, "dev-1");
        await host.Get<Database>().WriteAsync<bool>(
            async (transaction, _) =>
            {
                await transaction.Connection.ExecuteAsync("UPDATE registrations SET boot_quarantined = 1", transaction: transaction.Transaction);
                return true;
            },
            TestContext.Current.CancellationToken);

        var refused = await RenewAsync(host, "dev-1", first, SigningRequests.Good("dev-1"));

        Assert.Equal(400037, refused.Error!.Code);
        Assert.Contains("quarantine", refused.Error.Message, StringComparison.Ordinal);
        Assert.Single(await InventoryAsync(host));
    }

    [Fact]
    public async Task A_disabled_enrollment_of_its_own_beats_the_group_that_the_device_came_by()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host, "fleet");
        var group = await host.EnrollAsync("g1", Issued, isGroup: true);
        using var leaf = ChainOf(await host.RegisterAsync("dev-1", ProvisioningHost.Derive(KeyOf(group), "dev-1"), Body(SigningRequests.Good("dev-1"))))[0];
        var first = leaf.GetCertHashString(HashAlgorithmName.SHA256);
        var second = await RenewedAsync(host, "dev-1", first);
        await host.EnrollAsync("dev-1", $"\"provisioningStatus\":\"disabled\",{Keys}");

        Assert.Equal(400037, (await RenewAsync(host, "dev-1", second, SigningRequests.Good("dev-1"))).Error!.Code);
    }

    [Fact]
    public async Task A_device_that_has_other_credentials_by_now_is_issued_nothing_and_an_ended_certificate_renews_nothing()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var first = await RegisteredAsync(host, "dev-1");
        var key = (await host.AskAsync("POST", "/enrollments/dev-1/attestationmechanism")).Text("symmetricKey.primaryKey");
        await host.RegisterAsync("dev-1", key);
        Assert.Equal(400037, (await RenewAsync(host, "dev-1", first, SigningRequests.Good("dev-1"))).Error!.Code);
        Assert.Equal(key, (await host.DeviceAsync("dev-1"))!.PrimaryKey);

        using var authority = await ShortAsync(host, "*");
        using var leaf = ChainOf(await host.RegisterAsync("dev-1", key, Body(SigningRequests.Good("dev-1"))))[0];
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/fleet", """{"newAuthority":true}""", "*")).Code);
        host.Time.Advance(Short + TimeSpan.FromSeconds(1));
        Assert.Equal(400037, (await RenewAsync(host, "dev-1", leaf.GetCertHashString(HashAlgorithmName.SHA256), SigningRequests.Good("dev-1"))).Error!.Code);
        Assert.Equal(2, (await InventoryAsync(host)).Count);
    }

    [Fact]
    public async Task A_thumbprint_that_an_operator_took_away_does_not_come_back_and_a_device_that_is_gone_gets_nothing()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var first = await RegisteredAsync(host, "dev-1");
        var input = new IdentityInput { Key = new IdentityKey(DeviceId.Parse("dev-1")), Authentication = new AuthenticationInput { Type = "selfSigned", PrimaryThumbprint = new string('B', 64) } };
        Assert.True((await host.Get<IdentityRegistry>().PutAsync(host.Hub.Name, "test", input, IfMatch.Any, TestContext.Current.CancellationToken)).IsOk);

        Assert.Equal(400037, (await RenewAsync(host, "dev-1", first, SigningRequests.Good("dev-1"))).Error!.Code);
        Assert.Equal((new string('B', 64), null), await ThumbprintsAsync(host, "dev-1"));
        await host.Get<IdentityRegistry>().DeleteAsync(host.Hub.Name, "test", input.Key, IfMatch.Any, TestContext.Current.CancellationToken);
        Assert.Equal(400037, (await RenewAsync(host, "dev-1", first, SigningRequests.Good("dev-1"))).Error!.Code);
        Assert.Single(await InventoryAsync(host));
    }

    [Fact]
    public async Task Too_many_renewals_are_told_to_come_again()
    {
        await using var host = await ProvisioningHost.StartAsync(server, new ProvisioningOptions { MaxCertificatesPerHour = 1 });
        var first = await RegisteredAsync(host, "dev-1");

        Assert.Equal((429001, true), (await RenewAsync(host, "dev-1", first, SigningRequests.Good("dev-1"))).Error is { } error ? (error.Code, error.IsTransient) : default);
    }

    private static async Task<string> RegisteredAsync(ProvisioningHost host, string id, string more = "")
    {
        if ((await host.AskAsync("GET", "/credentialPolicies/fleet")).Code == 404)
        {
            await PolicyAsync(host, "fleet");
        }

        using var leaf = ChainOf(await host.RegisterAsync(id, KeyOf(await host.EnrollAsync(id, Issued + more)), Body(SigningRequests.Good(id))))[0];
        host.Time.Advance(TimeSpan.FromTicks(1));
        return leaf.GetCertHashString(HashAlgorithmName.SHA256);
    }

    private static async Task<string> RenewedAsync(ProvisioningHost host, string id, string presented)
    {
        var renewed = await RenewAsync(host, id, presented, SigningRequests.Good(id));
        Assert.True(renewed.IsOk, renewed.Error?.Message);
        host.Time.Advance(TimeSpan.FromTicks(1));
        using var leaf = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(renewed.Value[0]));
        return leaf.GetCertHashString(HashAlgorithmName.SHA256);
    }

    private static Task<Result<IReadOnlyList<string>>> RenewAsync(ProvisioningHost host, string device, string presented, string csr) =>
        host.Get<ICertificateRenewal>().RenewAsync(host.Hub.Name, DeviceId.Parse(device), presented, Convert.FromBase64String(csr), TestContext.Current.CancellationToken);

    private static async Task<(string? Primary, string? Secondary)> ThumbprintsAsync(ProvisioningHost host, string id) =>
        await host.DeviceAsync(id) is { } device ? (device.PrimaryThumbprint, device.SecondaryThumbprint) : (null, null);
}

/// <summary>A registrar before whose renewals something else happens.</summary>
#pragma warning disable CA1852 // The proxy is made as a class below it.
internal class InterruptedRegistrar : DispatchProxy
#pragma warning restore CA1852
{
    private IDeviceRegistrar inner = null!;
    private Func<Task> interruption = null!;

    internal void Into(IDeviceRegistrar registrar, Func<Task> before) => (inner, interruption) = (registrar, before);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.Name == nameof(IDeviceRegistrar.RenewAsync) ? RenewAsync(targetMethod, args) : targetMethod.Invoke(inner, args);

    private async Task<Result<bool>> RenewAsync(MethodInfo method, object?[]? args)
    {
        await interruption();
        return await (Task<Result<bool>>)method.Invoke(inner, args)!;
    }
}
