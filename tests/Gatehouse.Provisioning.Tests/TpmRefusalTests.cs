using Gatehouse.Contracts.Audit;
using Gatehouse.Provisioning.Attestation;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>What shows the keys of a TPM without being the enrolled one gets nothing, and costs the server little.</summary>
public sealed class TpmRefusalTests
{
    private static readonly string Endorsement = SampleTpmKey.Endorsement();
    private static readonly string StorageRoot = SampleTpmKey.StorageRoot();

    [Fact]
    public async Task Keys_that_are_wrong_or_cut_off_are_refused_alike_and_the_refusal_log_tells_them_apart()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await EnrollAsync(host, "tpm-1", "");
        await host.EnrollAsync("key-1", """ "attestation":{"type":"symmetricKey"} """);
        await EnrollAsync(host, "off-1", "\"provisioningStatus\":\"disabled\",", SampleTpmKey.Endorsement());
        var notFixed = Convert.FromBase64String(StorageRoot);
        notFixed[9] &= 0xFD;
        (string Id, string Endorsement, string StorageRoot, RefusalReason Reason)[] wrong =
        [
            ("tpm-1", SampleTpmKey.Endorsement(), StorageRoot, RefusalReason.EndorsementKeyMismatch),
            ("tpm-1", Endorsement[..^4], StorageRoot, RefusalReason.EndorsementKeyMismatch),
            ("tpm-1", Endorsement[..^1], StorageRoot, RefusalReason.EndorsementKeyMismatch),
            ("tpm-1", "", StorageRoot, RefusalReason.EndorsementKeyMismatch),
            ("tpm-1", Endorsement, "", RefusalReason.StorageRootKeyInvalid),
            ("tpm-1", Endorsement, "!", RefusalReason.StorageRootKeyInvalid),
            ("tpm-1", Endorsement, StorageRoot[..^4], RefusalReason.StorageRootKeyInvalid),
            ("tpm-1", Endorsement, Convert.ToBase64String(notFixed), RefusalReason.StorageRootKeyInvalid),
            ("tpm-1", Endorsement, Convert.ToBase64String(new byte[1025]), RefusalReason.StorageRootKeyInvalid),
            ("key-1", Endorsement, StorageRoot, RefusalReason.CredentialKindMismatch),
            ("nobody", Endorsement, StorageRoot, RefusalReason.CredentialKindMismatch),
        ];
        foreach (var (id, endorsement, storageRoot, reason) in wrong)
        {
            var answer = await PutAsync(host, id, endorsement, storageRoot);

            Assert.Equal((401, "401002", "Unauthorized", ""), (answer.Code, answer.Text("errorCode"), answer.Text("message"), answer.Text("authenticationKey")));
            Assert.Equal((reason, id), (host.Refusals.Last().Reason, host.Refusals.Last().Claimed));
        }

        var unproved = await host.SendAsync("PUT", Path(host, "tpm-1"), null, "{}");
        Assert.Equal((401, RefusalReason.CredentialMissing), (unproved.Code, host.Refusals.Last().Reason));
        var signed = await host.SendAsync("PUT", Path(host, "tpm-1"), host.DeviceToken("tpm-1", Convert.ToBase64String(new byte[32])), "{}");
        Assert.Equal((401, RefusalReason.StorageRootKeyInvalid), (signed.Code, host.Refusals.Last().Reason));
        Assert.Equal(401, (await PutAsync(host, "tpm-1", Endorsement, StorageRoot)).Code);
        signed = await host.SendAsync("PUT", Path(host, "tpm-1"), host.DeviceToken("tpm-1", Convert.ToBase64String(new byte[32])), "{}");
        Assert.Equal((401, RefusalReason.TokenSignatureWrong), (signed.Code, host.Refusals.Last().Reason));
    }

    [Fact]
    public async Task A_disabled_enrollment_gives_no_challenge()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await EnrollAsync(host, "tpm-1", "\"provisioningStatus\":\"disabled\",");

        var answer = await PutAsync(host, "tpm-1", Endorsement, StorageRoot);

        Assert.Equal((401, "", RefusalReason.IdentityDisabled), (answer.Code, answer.Text("authenticationKey"), host.Refusals.Single().Reason));
    }

    [Fact]
    public async Task Who_asks_again_and_again_without_an_answer_is_put_off_and_the_others_of_its_address_are_not()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var other = SampleTpmKey.Endorsement();
        await EnrollAsync(host, "tpm-1", "");
        await EnrollAsync(host, "tpm-2", "", other);
        for (var i = 0; i < 60; i++)
        {
            Assert.NotEmpty((await PutAsync(host, "tpm-1", Endorsement, StorageRoot)).Text("authenticationKey"));
        }

        Assert.Empty((await PutAsync(host, "tpm-1", Endorsement, StorageRoot)).Text("authenticationKey"));
        Assert.Equal(RefusalReason.BackedOff, host.Refusals.Single().Reason);
        Assert.NotEmpty((await PutAsync(host, "tpm-2", other, StorageRoot)).Text("authenticationKey"));
    }

    [Fact]
    public async Task Challenges_are_made_a_few_at_once_and_no_more_than_so_many_wait()
    {
        using var seats = new BlobSeats(new ProvisioningOptions { MaxConcurrentChallenges = 1, MaxWaitingChallenges = 1 });
        using var gate = new ManualResetEventSlim();
        using var began = new ManualResetEventSlim();
        var token = TestContext.Current.CancellationToken;
        var first = Task.Run(
            async () => await seats.RunAsync(
                () =>
                {
                    began.Set();
                    gate.Wait(token);
                    return "first";
                },
                token),
            token);
        began.Wait(token);
        var second = seats.RunAsync(() => "second", token);

        Assert.Null(await seats.RunAsync(() => "third", token));
        gate.Set();
        Assert.Equal(("first", "second"), (await first, await second));
        Assert.Equal("fourth", await seats.RunAsync(() => "fourth", token));
    }

    [Fact]
    public async Task No_seat_for_a_challenge_is_429_and_counts_against_nobody()
    {
        await using var host = await ProvisioningHost.StartAsync(options: new ProvisioningOptions { MaxConcurrentChallenges = 1, MaxWaitingChallenges = -1 });
        await EnrollAsync(host, "tpm-1", "");

        var answer = await PutAsync(host, "tpm-1", Endorsement, StorageRoot);

        Assert.Equal((429, "429001", "2", RefusalReason.Throttled), (answer.Code, answer.Text("errorCode"), answer.Headers["Retry-After"], host.Refusals.Single().Reason));
    }

    [Fact]
    public async Task What_is_sent_before_any_proof_may_be_as_large_as_its_limit_and_not_one_byte_more()
    {
        await using var host = await ProvisioningHost.StartAsync(options: new ProvisioningOptions { MaxUnprovedBodyBytes = 4096 });
        await EnrollAsync(host, "tpm-1", "");
        var body = Body(Endorsement, StorageRoot);

        var answer = await host.SendAsync("PUT", Path(host, "tpm-1"), null, body.PadRight(4096));
        Assert.Equal((401, "registration"), (answer.Code, answer.Text("keyName")));
        answer = await host.SendAsync("PUT", Path(host, "tpm-1"), null, body.PadRight(4097));
        Assert.Equal((401, "", RefusalReason.CredentialMissing), (answer.Code, answer.Text("keyName"), host.Refusals.Single().Reason));
    }

    private static async Task EnrollAsync(ProvisioningHost host, string id, string rest, string? endorsement = null) =>
        await host.EnrollAsync(id, $$$"""{{{rest}}}"attestation":{"type":"tpm","tpm":{"endorsementKey":"{{{endorsement ?? Endorsement}}}"}}""");

    private static string Path(ProvisioningHost host, string id) => $"/{host.Instance.IdScope}/registrations/{id}/register?api-version=2019-03-31";

    private static Task<ProvisioningHost.Answer> PutAsync(ProvisioningHost host, string id, string endorsement, string storageRoot) =>
        host.SendAsync("PUT", Path(host, id), null, Body(endorsement, storageRoot));

    private static string Body(string endorsement, string storageRoot) => $$$"""{"tpm":{"endorsementKey":"{{{endorsement}}}","storageRootKey":"{{{storageRoot}}}"}}""";
}
