using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.Tests.Tpm;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.DeviceDoor;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Quotes that prove nothing: refused alike, told apart in the refusal log, and nobody is put into quarantine for them.</summary>
public sealed class QuoteRefusalTests : IClassFixture<SoftwareTpm>, IAsyncLifetime
{
    private readonly SoftwareTpm software;
    private readonly TpmDevice tpm;
    private ProvisioningHost host = null!;
    private MeasuredDevice device = null!;

    public QuoteRefusalTests(SoftwareTpm software)
    {
        this.software = software;
        tpm = new WiredTpmDevice(software).WithKeys().WithAttestationKey();
    }

    public async ValueTask InitializeAsync()
    {
        host = await ProvisioningHost.StartAsync();
        device = new MeasuredDevice(host, tpm);
        Assert.Equal(200, (await device.EnrollAsync()).Code);
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task The_challenge_says_what_is_missing_and_gives_the_rest()
    {
        var challenge = await device.AskAsync("");

        Assert.Equal((401, "registration", "sha256", "", ""), (challenge.Code, challenge.Text("keyName"), challenge.Text("measuredBoot.hashAlgorithm"), challenge.Text("measuredBoot.credentialBlob"), challenge.Text("measuredBoot.encryptedSecret")));
        Assert.Contains("tpm.attestationKey is missing", challenge.Text("message"), StringComparison.Ordinal);
        Assert.Equal((32, "[0,16]"), (Convert.FromBase64String(challenge.Text("measuredBoot.nonce")).Length, challenge.Body!["measuredBoot"]!["pcrs"]!.ToJsonString()));
        Assert.Equal("Authorization required", (await device.AskAsync()).Text("message"));
    }

    [Fact]
    public async Task A_client_that_knows_nothing_of_it_is_refused_and_not_in_quarantine()
    {
        var token = device.Token(await device.AskAsync(""));

        await AssertRefusedAsync(device.SendAsync(token, device.Keys(null)), RefusalReason.QuoteMissing, "tpm.quote");
        var attempt = await device.AttemptAsync();
        attempt.Tpm.Remove("attestationKey");
        await AssertRefusedAsync(device.SendAsync(attempt), RefusalReason.QuoteMissing, "tpm.attestationKey");
        Assert.Equal(404, (await host.AskAsync("GET", "/registrations/dev-1")).Code);
    }

    [Fact]
    public async Task A_quote_is_good_once_and_for_its_nonce_only()
    {
        var first = await device.AttemptAsync();
        var second = await device.AttemptAsync();
        Assert.Equal(202, (await device.SendAsync(first)).Code);

        // The token is used up with the registration; a new one comes with the old quote.
        await AssertRefusedAsync(device.SendAsync(first), RefusalReason.TokenSignatureWrong, "was used");
        var later = await device.AttemptAsync();
        await AssertRefusedAsync(device.SendAsync(later.Token, second.Tpm), RefusalReason.QuoteInvalid, "another challenge");
        var mixed = later.Tpm.DeepClone().AsObject();
        (mixed["quote"]!["quoted"], mixed["quote"]!["signature"]) = (second.Quote["quoted"]!.DeepClone(), second.Quote["signature"]!.DeepClone());
        await AssertRefusedAsync(device.SendAsync(later.Token, mixed), RefusalReason.QuoteInvalid, "another nonce");
        Assert.Equal(202, (await device.SendAsync(later)).Code);
    }

    [Fact]
    public async Task A_quote_ends_with_its_nonce()
    {
        var attempt = await device.AttemptAsync();
        host.Time.Advance(TimeSpan.FromMinutes(10));

        await AssertRefusedAsync(device.SendAsync(attempt), RefusalReason.TokenSignatureWrong, "has ended");
    }

    [Fact]
    public async Task A_good_quote_that_was_held_back_does_not_end_a_quarantine()
    {
        Assert.Equal((200, "assigned"), Outcome(await device.RegisterAsync()));
        var held = await device.AttemptAsync();
        tpm.Extend(16, "held");
        Assert.Equal(401, (await device.RegisterAsync()).Code);
        var fresh = await device.AttemptAsync();

        await AssertRefusedAsync(device.SendAsync(held), RefusalReason.TokenSignatureWrong, "was used");
        held.Tpm["quote"]!["credential"] = fresh.Quote["credential"]!.DeepClone();
        await AssertRefusedAsync(device.SendAsync(fresh.Token, held.Tpm), RefusalReason.QuoteInvalid, "another nonce");
        Assert.False((await host.DeviceAsync("dev-1"))!.IsEnabled);
        tpm.Reset(16);
    }

    [Fact]
    public async Task A_key_of_another_TPM_or_of_none_signs_for_nobody()
    {
        using var otherSoftware = new SoftwareTpm();
        var other = new WiredTpmDevice(otherSoftware).WithKeys().WithAttestationKey();
        var foreign = await device.AskAsync(Convert.ToBase64String(other.AttestationKey));
        var token = device.Token(foreign);

        // Neither TPM opens it: one lacks the attestation key, the other the endorsement key.
        byte[][] sealedParts = [Convert.FromBase64String(foreign.Text("measuredBoot.credentialBlob")), Convert.FromBase64String(foreign.Text("measuredBoot.encryptedSecret"))];
        Assert.Null(tpm.Open(sealedParts[0], sealedParts[1]));
        Assert.Null(other.Open(sealedParts[0], sealedParts[1]));
        var (quoted, signature, values) = other.Quote(Convert.FromBase64String(foreign.Text("measuredBoot.nonce")), "sha256", 0, 16);
        await AssertRefusedAsync(device.SendAsync(token, Quoting(Convert.ToBase64String(other.AttestationKey), RandomNumberGenerator.GetBytes(32), quoted, signature, values)), RefusalReason.QuoteInvalid, "does not live in the enrolled TPM");

        // The credential for its own key does not help the foreign one.
        var own = await device.AttemptAsync();
        (quoted, signature, values) = other.Quote(Convert.FromBase64String(foreign.Text("measuredBoot.nonce")), "sha256", 0, 16);
        var mixed = Quoting(Convert.ToBase64String(other.AttestationKey), Convert.FromBase64String(own.Quote["credential"]!.ToString()), quoted, signature, values);
        await AssertRefusedAsync(device.SendAsync(own.Token, mixed), RefusalReason.QuoteInvalid, "does not live in the enrolled TPM");
        mixed["attestationKey"] = Convert.ToBase64String(tpm.AttestationKey);
        await AssertRefusedAsync(device.SendAsync(own.Token, mixed), RefusalReason.QuoteInvalid, "has not signed it");
    }

    [Fact]
    public async Task A_key_that_may_leave_its_TPM_or_sign_anything_gets_no_challenge()
    {
        foreach (var (attributes, algorithm) in new[] { ("sensitivedataorigin|userwithauth|restricted|sign", "ecc256:ecdsa-sha256:null"), ("fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign", "ecc256:ecdsa-sha256") })
        {
            software.Run("tpm2_createprimary", "-C", "o", "-G", algorithm, "-g", "sha256", "-c", "soft.ctx", "-a", attributes);
            software.Run("tpm2_readpublic", "-c", "soft.ctx", "-o", "soft.pub", "-f", "tss");
            await AssertRefusedAsync(device.AskAsync(Convert.ToBase64String(software.Read("soft.pub"))), RefusalReason.QuoteInvalid, "no attestation key that was made in its TPM");
        }

        await AssertRefusedAsync(device.AskAsync(Convert.ToBase64String(tpm.AttestationKey.AsSpan(0, 40))), RefusalReason.QuoteInvalid, "size does not agree");
        await AssertRefusedAsync(device.AskAsync("!"), RefusalReason.QuoteInvalid, "no base64");
        await AssertRefusedAsync(device.AskAsync(Convert.ToBase64String(new byte[1025])), RefusalReason.QuoteInvalid, "no base64 of at most 1024 bytes");
    }

    [Fact]
    public async Task Other_registers_another_bank_and_other_values_than_were_signed_are_refused()
    {
        await AssertRefusedAsync(device.SendAsync(await device.AttemptAsync(registers: [0, 15])), RefusalReason.QuoteInvalid, "other registers");
        await AssertRefusedAsync(device.SendAsync(await device.AttemptAsync(registers: [0, 16, 17])), RefusalReason.QuoteInvalid, "other registers");
        await AssertRefusedAsync(device.SendAsync(await device.AttemptAsync(bank: "sha384")), RefusalReason.QuoteInvalid, "other registers");

        var attempt = await device.AttemptAsync();
        string[] wrong = ["""{"0":"00"}""", """{}""", """{"0":null,"16":null}""", "null"];
        foreach (var values in wrong)
        {
            attempt.Quote["pcrValues"] = JsonNode.Parse(values);
            await AssertRefusedAsync(device.SendAsync(attempt), RefusalReason.QuoteInvalid, "pcrValues");
        }

        attempt.Quote["pcrValues"] = new JsonObject { ["0"] = new string('0', 64), ["16"] = new string('a', 64) };
        await AssertRefusedAsync(device.SendAsync(attempt), RefusalReason.QuoteInvalid, "not those that the TPM has signed");
    }

    [Fact]
    public async Task Flipped_and_cut_off_quotes_are_refused_and_the_whole_one_is_good_after_all()
    {
        var attempt = await device.AttemptAsync();
        var at = 0;
        foreach (var part in new[] { "credential", "quoted", "signature" })
        {
            var whole = attempt.Quote[part]!.ToString();
            var bytes = Convert.FromBase64String(whole);
            foreach (var bit in new[] { 0, 3, 17, bytes.Length * 4, (bytes.Length * 8) - 1 })
            {
                var flipped = bytes.ToArray();
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                attempt.Quote[part] = Convert.ToBase64String(flipped);
                await AssertRefusedAsync(device.SendAsync(attempt), RefusalReason.QuoteInvalid, "");
                at++;
            }

            foreach (var cut in new[] { "", "!", Convert.ToBase64String(bytes.AsSpan(0, bytes.Length - 1)), Convert.ToBase64String([.. bytes, 0]), Convert.ToBase64String(new byte[1025]) })
            {
                attempt.Quote[part] = cut;
                await AssertRefusedAsync(device.SendAsync(attempt), RefusalReason.QuoteInvalid, "");
            }

            attempt.Quote[part] = whole;

            // So many refusals put the device off: it comes later.
            host.Time.Advance(TimeSpan.FromSeconds(90));
        }

        Assert.Equal(15, at);
        attempt = await device.AttemptAsync();
        Assert.Equal(202, (await device.SendAsync(attempt)).Code);
    }

    [Fact]
    public async Task A_quote_of_a_device_that_is_disabled_counts_for_nothing()
    {
        var attempt = await device.AttemptAsync();
        var read = (await host.AskAsync("GET", "/enrollments/dev-1")).Body!.AsObject();
        read["provisioningStatus"] = "disabled";
        await host.AskAsync("PUT", "/enrollments/dev-1", read.ToJsonString(), "*");

        await AssertRefusedAsync(device.SendAsync(attempt), RefusalReason.IdentityDisabled, "disabled");
    }

    [Fact]
    public async Task There_is_no_challenge_over_AMQP_and_a_token_from_elsewhere_is_no_way_around_it()
    {
        var door = host.Get<DeviceRegistrations>();
        var target = new RegistrationTarget(host.Instance.IdScope, "dev-1", Operations.GetDeviceRegistration);
        var caller = new DeviceCaller("amqp", IPAddress.Loopback, null, null, () => { }) { Tpm = new ShownTpm(Convert.ToBase64String(tpm.EndorsementKey), Convert.ToBase64String(tpm.StorageRootKey)) };

        Assert.Equal(ProvisioningErrors.Unauthorized, (await door.AdmitAsync(target, caller, TestContext.Current.CancellationToken)).Error);
        Assert.Equal(RefusalReason.QuoteMissing, host.Refusals.Last().Reason);
        Assert.Contains("HTTPS", host.Refusals.Last().Detail, StringComparison.Ordinal);

        var attempt = await device.AttemptAsync();
        var register = target with { Row = Operations.RegisterDevice };
        foreach (var protocol in new[] { "amqp", "mqtt" })
        {
            var answer = await door.RunAsync(register, caller with { Protocol = protocol, Token = attempt.Token }, _ => Task.FromResult<Result<RegistrationBody?>>((RegistrationBody?)null), TestContext.Current.CancellationToken);
            Assert.Equal(ProvisioningErrors.Unauthorized, answer.Error);
            Assert.Contains("HTTPS", host.Refusals.Last().Detail, StringComparison.Ordinal);
        }

        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    private JsonObject Quoting(string attestationKey, byte[] credential, byte[] quoted, byte[] signature, IReadOnlyDictionary<int, string> values)
    {
        var keys = device.Keys(attestationKey);
        keys["quote"] = new JsonObject
        {
            ["credential"] = Convert.ToBase64String(credential),
            ["quoted"] = Convert.ToBase64String(quoted),
            ["signature"] = Convert.ToBase64String(signature),
            ["pcrValues"] = new JsonObject(values.Select(each => KeyValuePair.Create(each.Key.ToString(System.Globalization.CultureInfo.InvariantCulture), (JsonNode?)each.Value))),
        };
        return keys;
    }

    private async Task AssertRefusedAsync(Task<ProvisioningHost.Answer> sent, RefusalReason reason, string words)
    {
        var answer = await sent;
        Assert.True(answer.Code == 401 && answer.Text("errorCode") == "401002" && answer.Text("message") == "Unauthorized" && answer.Text("authenticationKey").Length == 0, $"{words}: {answer.Body?.ToJsonString()}");
        var refusal = host.Refusals.Last();
        Assert.Equal(reason, refusal.Reason);
        Assert.Contains(words, refusal.Detail, StringComparison.Ordinal);
    }

    private static (int Code, string Status) Outcome(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("status"));
}
