using System.Security.Cryptography;
using Gatehouse.Contracts.Audit;
using Gatehouse.Identity.Tests.X509;
using Xunit;
using static Gatehouse.Provisioning.Tests.CertificateIssuanceSuite;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Requests for certificates that are refused: the device is told why, so is the refusal log, and nothing is there afterwards.</summary>
public sealed class CertificateRequestTests
{
    private const string Issued = """ "attestation":{"type":"symmetricKey"},"credentialPolicyName":"fleet" """;

    /// <summary>What must not be issued to dev-1, by the number of the service's error and the words that say why.</summary>
    private static readonly Dictionary<string, (Func<string> Csr, int Code, string Why)> Bad = new()
    {
        ["the name of another device"] = (() => SigningRequests.Good("dev-2"), 400037, "common name"),
        ["another name as alternative one"] = (() => SigningRequests.Greedy("dev-1", "dev-1", "dev-2"), 400037, "alternative name"),
        ["an address as alternative name"] = (() => SigningRequests.WithAddress("dev-1"), 400037, "alternative name"),
        ["two common names"] = (() => SigningRequests.TwoNames("dev-1"), 400037, "2 common names"),
        ["a name with more behind it"] = (() => SigningRequests.Good("dev-1 "), 400037, "common name"),
        ["a key that is too short"] = (() => SigningRequests.Rsa("dev-1", 1024), 400037, "1024 bits"),
        ["a key of a kind that the policy has not named"] = (() => SigningRequests.Rsa("dev-1", 2048), 400037, "rsa-2048"),
        ["a key on a curve that the policy has not named"] = (() => SigningRequests.Good("dev-1", ECCurve.NamedCurves.nistP521), 400037, "ec-p521"),
        ["a key on an unknown curve"] = (() => SigningRequests.Good("dev-1", ECCurve.NamedCurves.brainpoolP256r1), 400037, "curve"),
        ["the signature of another key"] = (() => SigningRequests.Stolen("dev-1"), 400037, "another key"),
        ["a signature with SHA-224"] = (() => SigningRequests.Sha224("dev-1"), 400037, "signature algorithm"),
        ["something behind it"] = (() => SigningRequests.Trailing("dev-1"), 400004, "PKCS #10"),
        ["a byte too much"] = (() => SigningRequests.OfBytes("dev-1", (8 * 1024) + 1), 400004, "8192 bytes"),
        ["much too much"] = (() => Convert.ToBase64String(new byte[20_000]), 400004, "8192 bytes"),
        ["no base64"] = (() => "not base64", 400004, "base64"),
        ["nothing"] = (() => "", 400004, "PKCS #10"),
        ["no DER"] = (() => "AAAA", 400004, "PKCS #10"),
        ["PEM"] = (() => $"-----BEGIN CERTIFICATE REQUEST-----\n{SigningRequests.Good("dev-1")}\n-----END CERTIFICATE REQUEST-----", 400004, "base64"),
    };

    [Fact]
    public async Task A_bad_request_is_refused_and_nothing_is_left_of_it()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await PolicyAsync(host, "fleet");
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));
        foreach (var (what, (csr, code, why)) in Bad)
        {
            host.Refusals.Clear();

            var refused = await host.RegisterAsync("dev-1", key, Body(csr()));

            Assert.Equal((what, 400, $"{code}"), (what, refused.Code, refused.Text("errorCode")));
            Assert.Contains(why, refused.Text("message"), StringComparison.Ordinal);
            var refusal = host.Refusals.Single();
            Assert.Equal((RefusalReason.CertificateRequestRefused, "dev-1", refused.Text("message"), code), (refusal.Reason, refusal.Claimed, refusal.Detail, refusal.Error.Code));
            Assert.Null(await host.DeviceAsync("dev-1"));
            Assert.Empty(await InventoryAsync(host));
            Assert.Equal(404, (await host.AskAsync("GET", "/registrations/dev-1")).Code);
        }

        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key, Body(SigningRequests.Good("dev-1")))).Text("status"));
    }

    [Fact]
    public async Task The_largest_request_that_may_be_sent_is_answered()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await PolicyAsync(host, "fleet");

        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", KeyOf(await host.EnrollAsync("dev-1", Issued)), Body(SigningRequests.OfBytes("dev-1", 8 * 1024)))).Text("status"));
    }

    [Theory]
    [InlineData(2048, "rsa-2048")]
    [InlineData(4096, "rsa-4096")]
    [InlineData(4104, null)]
    public async Task RSA_keys_are_taken_when_the_policy_names_them_up_to_4096_bits(int bits, string? keyType)
    {
        await using var host = await ProvisioningHost.StartAsync();
        await PolicyAsync(host, "fleet", """{"keyTypes":["RSA"]}""");
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));

        var outcome = await host.RegisterAsync("dev-1", key, Body(SigningRequests.Rsa("dev-1", bits)));

        Assert.Equal(keyType is null ? 400 : 200, outcome.Code);
        Assert.Equal(keyType is null ? [] : [keyType], (await InventoryAsync(host)).Select(each => each!["keyType"]!.GetValue<string>()));
        Assert.Equal(400, (await host.RegisterAsync("dev-1", key, Body(SigningRequests.Good("dev-1")))).Code);
    }

    [Fact]
    public async Task A_CA_with_a_larger_key_than_can_be_sealed_is_refused()
    {
        await using var host = await ProvisioningHost.StartAsync();
        using var large = new TestAuthority(key: LargeRsa.Of4104Bits());

        var refused = await host.AskAsync("PUT", "/credentialPolicies/fleet", large.Body());

        Assert.Equal((400, "400004"), (refused.Code, refused.Text("errorCode")));
        Assert.Contains("4096", refused.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_policy_there_is_no_certificate_and_with_a_look_up_neither()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await PolicyAsync(host, "fleet");
        var key = KeyOf(await host.EnrollAsync("dev-1", """ "attestation":{"type":"symmetricKey"} """));

        var refused = await host.RegisterAsync("dev-1", key, Body(SigningRequests.Good("dev-1")));
        Assert.Equal((400, "400004"), (refused.Code, refused.Text("errorCode")));
        Assert.Contains("credentialPolicyName", refused.Text("message"), StringComparison.Ordinal);
        Assert.Null(await host.DeviceAsync("dev-1"));
        var looked = await host.SendAsync("POST", $"/{host.Instance.IdScope}/registrations/dev-1?api-version=2019-03-31", host.DeviceToken("dev-1", key), Body(SigningRequests.Good("dev-1")));
        Assert.Equal((400, "400004"), (looked.Code, looked.Text("errorCode")));
        Assert.Equal(2, host.Refusals.Count(refusal => refusal.Reason == RefusalReason.CertificateRequestRefused));
    }

    [Fact]
    public async Task An_id_that_no_certificate_can_hold_gets_none()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await PolicyAsync(host, "fleet");
        var (most, more) = (new string('a', 64), new string('a', 65));

        var taken = await host.RegisterAsync(most, KeyOf(await host.EnrollAsync(most, Issued)), Body(SigningRequests.Good(most)));
        var refused = await host.RegisterAsync(more, KeyOf(await host.EnrollAsync(more, Issued)), Body(SigningRequests.Good(most)));

        Assert.Equal(("assigned", "400037"), (taken.Text("status"), refused.Text("errorCode")));
    }

    [Fact]
    public async Task Nobody_who_has_not_proved_itself_is_told_anything_of_its_request()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await PolicyAsync(host, "fleet");
        await host.EnrollAsync("dev-1", Issued);

        foreach (var csr in new[] { SigningRequests.Good("dev-1"), "not base64" })
        {
            var refused = await host.RegisterAsync("dev-1", Convert.ToBase64String(new byte[32]), Body(csr));

            Assert.Equal((401, "401002", "Unauthorized"), (refused.Code, refused.Text("errorCode"), refused.Text("message")));
            Assert.Equal(RefusalReason.TokenSignatureWrong, host.Refusals.Last().Reason);
        }
    }
}
