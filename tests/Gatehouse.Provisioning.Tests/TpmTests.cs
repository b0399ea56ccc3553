using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Audit;
using Gatehouse.Hub.Revoking;
using Gatehouse.Identity.Tests.Tpm;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Devices that attest by TPM over HTTPS; the TPM opens what it is sent, or does not.</summary>
public sealed class TpmTests(SoftwareTpm tpm) : IClassFixture<SoftwareTpm>
{
    private readonly TpmDevice device = new WiredTpmDevice(tpm).WithKeys();

    [Theory]
    [InlineData("rsa", "rsa2048:aes128cfb")]
    [InlineData("rsa", "ecc256:aes128cfb")]
    [InlineData("ecc", "rsa2048:aes128cfb")]
    [InlineData("ecc", "ecc256:aes128cfb")]
    public async Task A_TPM_proves_itself_and_gets_a_key_of_its_own_for_its_hub(string endorsement, string storage)
    {
        device.WithKeys(endorsement, storage);
        await using var host = await ProvisioningHost.StartAsync();
        await EnrollAsync(host);

        var challenge = await PutAsync(host, null);
        Assert.Equal((401, "registration"), (challenge.Code, challenge.Text("keyName")));
        var token = Answer(host, challenge);
        var started = await PutAsync(host, token);
        Assert.Equal((202, "assigning"), (started.Code, started.Text("status")));
        var done = await PollAsync(host, started, token);

        Assert.Equal((200, "assigned", "localhost"), (done.Code, done.Text("status"), done.Text("registrationState.assignedHub")));
        AssertHoldsKey((await host.DeviceAsync("dev-1"))!.PrimaryKey!, done);
        var enrolled = await host.AskAsync("GET", "/enrollments/dev-1");
        Assert.Equal(Convert.ToBase64String(device.StorageRootKey), enrolled.Text("attestation.tpm.storageRootKey"));
        Assert.Equal(("", ""), (enrolled.Text("registrationState.tpm"), (await host.AskAsync("GET", "/registrations/dev-1")).Text("tpm")));
        Assert.Equal(["enrollment.create dev-1", "enrollment.learn dev-1", "registration.assign dev-1"], await host.AuditedAsync());
        Assert.Empty(host.Refusals);
    }

    [Fact]
    public async Task A_nonce_is_used_once_and_registering_again_gives_another_key()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await EnrollAsync(host);
        var token = Answer(host, await PutAsync(host, null));
        var started = await PutAsync(host, token);
        var first = (await host.DeviceAsync("dev-1"))!.PrimaryKey;

        var replayed = await PutAsync(host, token);

        Assert.Equal((401, "401002", ""), (replayed.Code, replayed.Text("errorCode"), replayed.Text("authenticationKey")));
        Assert.Equal(RefusalReason.TokenSignatureWrong, host.Refusals.Single().Reason);
        Assert.Equal(first, (await host.DeviceAsync("dev-1"))!.PrimaryKey);
        Assert.Equal(200, (await PollAsync(host, started, token)).Code);

        var again = Answer(host, await PutAsync(host, null));
        var done = await PollAsync(host, await PutAsync(host, again), again);
        var second = (await host.DeviceAsync("dev-1"))!.PrimaryKey!;
        Assert.NotEqual(first, second);
        AssertHoldsKey(second, done);
        Assert.Equal(401, (await PollAsync(host, started, token)).Code);
    }

    [Fact]
    public async Task A_nonce_is_good_for_its_storage_root_key_and_its_time_only()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await EnrollAsync(host);
        var token = Answer(host, await PutAsync(host, null));

        Assert.Equal(401, (await PutAsync(host, token, storage: SampleTpmKey.StorageRoot())).Code);
        Assert.Equal(RefusalReason.TokenSignatureWrong, host.Refusals.Last().Reason);
        host.Time.Advance(TimeSpan.FromMinutes(9.9));
        Assert.Equal(202, (await PutAsync(host, Answer(host, await PutAsync(host, null)))).Code);
        var late = Answer(host, await PutAsync(host, null));
        host.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(401, (await PutAsync(host, late)).Code);
        Assert.Equal(RefusalReason.TokenSignatureWrong, host.Refusals.Last().Reason);
    }

    [Fact]
    public async Task Who_asks_in_the_name_of_a_TPM_takes_nothing_from_it()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await EnrollAsync(host);
        var challenge = await PutAsync(host, null);
        var token = Answer(host, challenge);
        var stranger = await PutAsync(host, null, storage: SampleTpmKey.StorageRoot());

        Assert.Equal(("activate", 202), (device.Activate(Convert.FromBase64String(stranger.Text("authenticationKey"))), (await PutAsync(host, token)).Code));
    }

    [Fact]
    public async Task A_client_may_leave_its_keys_out_when_it_answers()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await EnrollAsync(host);
        var token = Answer(host, await PutAsync(host, null));

        var started = await host.SendAsync("PUT", Path(host), token, """{"registrationId":"dev-1"}""");

        Assert.Equal((202, "assigned"), (started.Code, (await PollAsync(host, started, token)).Text("status")));
    }

    [Fact]
    public async Task What_a_TPM_sends_with_a_good_token_may_be_as_large_as_any_registration()
    {
        await using var host = await ProvisioningHost.StartAsync(options: new ProvisioningOptions { MaxUnprovedBodyBytes = 4096, MaxDeviceBodyBytes = 8192 });
        await EnrollAsync(host);

        var token = Answer(host, await PutAsync(host, null));
        Assert.Equal(413, (await PutAsync(host, token, bytes: 8193)).Code);
        Assert.Equal(202, (await PutAsync(host, token, bytes: 8192)).Code);
        Assert.Equal(401, (await PutAsync(host, token, bytes: 8192)).Code); // its nonce is used up

        // The proof is good for the storage root key that was shown before, and is judged again with the one that comes.
        token = Answer(host, await PutAsync(host, null));
        Assert.Equal(401, (await PutAsync(host, token, SampleTpmKey.StorageRoot(), bytes: 8192)).Code);
        Assert.Equal(202, (await PutAsync(host, token, bytes: 8192)).Code);
    }

    [Fact]
    public async Task A_storage_root_key_that_changes_is_recorded_and_one_of_another_TPM_opens_nothing()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await EnrollAsync(host);
        Assert.Equal(202, (await PutAsync(host, Answer(host, await PutAsync(host, null)))).Code);
        device.WithKeys(storage: "ecc384:aes128cfb");

        var token = Answer(host, await PutAsync(host, null));
        AssertHoldsKey((await host.DeviceAsync("dev-1"))!.PrimaryKey!, null);
        var done = await PollAsync(host, await PutAsync(host, token), token);

        AssertHoldsKey((await host.DeviceAsync("dev-1"))!.PrimaryKey!, done);
        Assert.Equal(2, (await host.AuditedAsync()).Count(entry => entry == "enrollment.learn dev-1"));
        Assert.Equal(Convert.ToBase64String(device.StorageRootKey), (await host.AskAsync("GET", "/enrollments/dev-1")).Text("attestation.tpm.storageRootKey"));
    }

    [Fact]
    public async Task A_changed_endorsement_key_is_refused_until_it_is_enrolled_and_ends_what_was_given_before()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var before = SampleTpmKey.Endorsement();
        await EnrollAsync(host, before);

        Assert.Equal((401, "401002", "Unauthorized"), Outcome(await PutAsync(host, null)));
        Assert.Equal((RefusalReason.EndorsementKeyMismatch, "dev-1"), (host.Refusals.Last().Reason, host.Refusals.Last().Claimed));
        Assert.Contains("another TPM", host.Refusals.Last().Detail, StringComparison.Ordinal);
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", Enrollment(Convert.ToBase64String(device.EndorsementKey)), "*")).Code);
        var token = Answer(host, await PutAsync(host, null));
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", Enrollment(before), "*")).Code);
        Assert.Equal(401, (await PutAsync(host, token)).Code);
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task A_TPM_that_a_linked_hub_has_revoked_is_neither_challenged_nor_registered_under_any_id()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await EnrollAsync(host);
        var token = Answer(host, await PutAsync(host, null));
        var key = Convert.ToBase64String(device.EndorsementKey);

        Assert.True((await host.Get<RevocationList>().RevokeAsync(host.Hub.Name, new() { Kind = "tpm", EndorsementKey = key, Reason = "certificateHold" }, "policy:iothubowner", TestContext.Current.CancellationToken)).IsOk);

        Assert.Equal((401, "401002", "Unauthorized"), Outcome(await PutAsync(host, token)));
        Assert.Equal((RefusalReason.TpmRevoked, "dev-1"), (host.Refusals.Last().Reason, host.Refusals.Last().Claimed));
        Assert.Equal((401, "401002", "Unauthorized"), Outcome(await PutAsync(host, null)));
        Assert.Equal(200, (await host.AskAsync("DELETE", "/enrollments/dev-1")).Code / 100 * 100);
        await EnrollAsync(host);
        Assert.Equal((401, "401002", "Unauthorized"), Outcome(await PutAsync(host, null)));
        Assert.Null(await host.DeviceAsync("dev-1"));

        var mark = Convert.ToHexString(SHA256.HashData(device.EndorsementKey));
        Assert.True((await host.Get<RevocationList>().UndoAsync(host.Hub.Name, mark, false, "policy:iothubowner", TestContext.Current.CancellationToken)).IsOk);
        Assert.Equal(202, (await PutAsync(host, Answer(host, await PutAsync(host, null)))).Code);
    }

    [Fact]
    public async Task A_TPM_that_sends_a_CSR_gets_a_certificate_in_place_of_a_key()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await CertificateIssuanceSuite.PolicyAsync(host);
        await host.AskAsync("PUT", "/enrollments/dev-1", Enrollment(Convert.ToBase64String(device.EndorsementKey)).Replace("{\"attestation", "{\"credentialPolicyName\":\"fleet\",\"attestation", StringComparison.Ordinal));
        var token = Answer(host, await PutAsync(host, null));

        var done = await PollAsync(host, await PutAsync(host, token, csr: SigningRequests.Good("dev-1")), token);

        Assert.Equal((2, ""), (CertificateIssuanceSuite.ChainOf(done).Count, done.Text("registrationState.tpm")));
        Assert.Null((await host.DeviceAsync("dev-1"))!.PrimaryKey);
        Assert.NotNull((await host.DeviceAsync("dev-1"))!.PrimaryThumbprint);
    }

    private Task<ProvisioningHost.Answer> EnrollAsync(ProvisioningHost host, string? endorsement = null) => host.AskAsync("PUT", "/enrollments/dev-1", Enrollment(endorsement ?? Convert.ToBase64String(device.EndorsementKey)));

    private static string Enrollment(string endorsement) => $$$$"""{"attestation":{"type":"tpm","tpm":{"endorsementKey":"{{{{endorsement}}}}"}}}""";

    private static string Path(ProvisioningHost host) => $"/{host.Instance.IdScope}/registrations/dev-1/register?api-version=2019-03-31";

    private Task<ProvisioningHost.Answer> PutAsync(ProvisioningHost host, string? token, string? storage = null, string? csr = null, int bytes = 0) => host.SendAsync(
        "PUT",
        Path(host),
        token,
        $$$"""{"registrationId":"dev-1","tpm":{"endorsementKey":"{{{Convert.ToBase64String(device.EndorsementKey)}}}","storageRootKey":"{{{storage ?? Convert.ToBase64String(device.StorageRootKey)}}}"}{{{(csr is null ? "" : $",\"csr\":\"{csr}\"")}}}}""".PadRight(bytes));

    private static Task<ProvisioningHost.Answer> PollAsync(ProvisioningHost host, ProvisioningHost.Answer started, string token) =>
        host.SendAsync("GET", $"/{host.Instance.IdScope}/registrations/dev-1/operations/{started.Text("operationId")}?api-version=2019-03-31", token);

    private string Answer(ProvisioningHost host, ProvisioningHost.Answer challenge)
    {
        Assert.Equal(401, challenge.Code);
        Assert.Null(device.Activate(Convert.FromBase64String(challenge.Text("authenticationKey"))));
        var resource = Uri.EscapeDataString($"{host.Instance.IdScope}/registrations/dev-1");
        var end = host.Time.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        return $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(Convert.ToBase64String(device.Sign(Encoding.UTF8.GetBytes($"{resource}\n{end}"))))}&se={end}&skn=registration";
    }

    /// <param name="key">What the hub has.</param>
    /// <param name="registered">What the device was told; null: nothing, the TPM still has the nonce.</param>
    private void AssertHoldsKey(string key, ProvisioningHost.Answer? registered)
    {
        if (registered is not null)
        {
            Assert.Null(device.Activate(Convert.FromBase64String(registered.Text("registrationState.tpm.authenticationKey"))));
        }

        Assert.Equal(registered is not null, HMACSHA256.HashData(Convert.FromBase64String(key), "x"u8).SequenceEqual(device.Sign("x"u8)));
    }

    private static (int Code, string Error, string Message) Outcome(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("errorCode"), answer.Text("message"));
}
