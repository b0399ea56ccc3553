using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Audit;
using Gatehouse.Identity.Tests.Tpm;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>The SASL mechanism TPM, step by step.</summary>
public sealed class TpmExchangeTests(SoftwareTpm tpm) : IClassFixture<SoftwareTpm>
{
    private readonly TpmDevice device = new WiredTpmDevice(tpm).WithKeys();

    [Theory]
    [InlineData("rsa", "rsa2048:aes128cfb", 2)]
    [InlineData("ecc", "ecc256:aes128cfb", 1)]
    public async Task A_TPM_proves_itself_in_segments_registers_once_and_gets_its_key(string endorsement, string storage, int segments)
    {
        device.WithKeys(endorsement, storage);
        await using var host = await ProvisioningHost.StartAsync();
        await EnrollAsync(host);
        await using var client = new AmqpRegistrant(host);
        var offered = await client.BeginSaslAsync("TPM", Init(host, device.EndorsementKey), $"{host.Instance.IdScope}/registrations/dev-1");
        Assert.Equal(["MSSBCBS", "PLAIN", "ANONYMOUS", "TPM"], offered);
        Assert.Equal([0], (await client.ChallengeAsync())!);
        await client.RespondAsync([0, .. device.StorageRootKey]);
        var blob = new List<byte>();
        for (byte count = 0; ; count++)
        {
            var segment = (await client.ChallengeAsync())!;
            Assert.True(segment.Length <= 471 && (segment[0] & 0x3F) == count && (segment[0] & 0x80) != 0);
            blob.AddRange(segment[1..]);
            if ((segment[0] & 0x40) != 0)
            {
                Assert.Equal(segments, count + 1);
                break;
            }

            await client.RespondAsync([0]);
        }

        Assert.Null(device.Activate([.. blob]));
        await client.RespondAsync([0, .. Token(host)]);
        Assert.Equal(SaslCode.Ok, await client.OutcomeAsync());
        await client.OpenAsync();
        Assert.Null(await client.AttachAsync($"{host.Instance.IdScope}/registrations/dev-1"));
        var done = await client.RegisterAsync($$$$"""{"registrationId":"dev-1","tpm":{"endorsementKey":"{{{{Convert.ToBase64String(device.EndorsementKey)}}}}","storageRootKey":"AA=="}}""");

        Assert.Equal("assigned", done["status"]!.GetValue<string>());
        Assert.Null(device.Activate(Convert.FromBase64String(done["registrationState"]!["tpm"]!["authenticationKey"]!.GetValue<string>())));
        var key = (await host.DeviceAsync("dev-1"))!.PrimaryKey!;
        Assert.Equal(HMACSHA256.HashData(Convert.FromBase64String(key), "x"u8), device.Sign("x"u8));
        Assert.Equal("amqp:unauthorized-access", (await client.AskAsync("iotdps-register", body: "{}"u8.ToArray())).Error!.Condition);
        Assert.Equal(key, (await host.DeviceAsync("dev-1"))!.PrimaryKey);
    }

    [Fact]
    public async Task Another_TPM_a_wrong_signature_and_steps_out_of_order_are_refused()
    {
        device.WithKeys("rsa", "rsa2048:aes128cfb"); // a challenge in two segments
        await using var host = await ProvisioningHost.StartAsync();
        await EnrollAsync(host);
        var other = Convert.FromBase64String(SampleTpmKey.Endorsement());

        await RefusedAsync(host, RefusalReason.EndorsementKeyMismatch, Init(host, other), [0, .. device.StorageRootKey]);
        await RefusedAsync(host, RefusalReason.EndorsementKeyMismatch, Init(host, device.EndorsementKey[..^1]), [0, .. device.StorageRootKey]);
        await RefusedAsync(host, RefusalReason.StorageRootKeyInvalid, Init(host, device.EndorsementKey), [0, .. device.StorageRootKey[..^1]]);
        await RefusedAsync(host, RefusalReason.StorageRootKeyInvalid, Init(host, device.EndorsementKey), [0]);
        await RefusedAsync(host, null, [1, .. Init(host, device.EndorsementKey)[1..]]);
        await RefusedAsync(host, null, []);
        await RefusedAsync(host, null, [0, 0, 0]);
        await RefusedAsync(host, null, Encoding.ASCII.GetBytes($"\0{host.Instance.IdScope}\0"));
        await RefusedAsync(host, null, Init(host, device.EndorsementKey), Array.Empty<byte>());
        await RefusedAsync(host, null, Init(host, device.EndorsementKey), [0, .. device.StorageRootKey], [0, 1]);
        await RefusedAsync(host, RefusalReason.TokenMalformed, Init(host, device.EndorsementKey), [0, .. device.StorageRootKey], [0], [0, (byte)'x']);
        await RefusedAsync(
            host, RefusalReason.TokenSignatureWrong, Init(host, device.EndorsementKey), [0, .. device.StorageRootKey], [0], [0, .. Encoding.ASCII.GetBytes(host.DeviceToken("dev-1", Convert.ToBase64String(new byte[32])))]);
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    private static async Task RefusedAsync(ProvisioningHost host, RefusalReason? reason, byte[] init, params byte[][] responses)
    {
        host.Refusals.Clear();
        await using var client = new AmqpRegistrant(host);
        await client.BeginSaslAsync("TPM", init, null);
        foreach (var response in responses)
        {
            Assert.NotNull(await client.ChallengeAsync());
            await client.RespondAsync(response);
        }

        Assert.Null(await client.ChallengeAsync());
        Assert.Equal(reason, host.Refusals.SingleOrDefault()?.Reason);
        Assert.False(client.Connection.IsAuthenticated);
    }

    private Task<System.Text.Json.Nodes.JsonNode> EnrollAsync(ProvisioningHost host) =>
        host.EnrollAsync("dev-1", $$$$""" "attestation":{"type":"tpm","tpm":{"endorsementKey":"{{{{Convert.ToBase64String(device.EndorsementKey)}}}}"}} """);

    private static byte[] Init(ProvisioningHost host, byte[] endorsementKey) => [0, .. Encoding.ASCII.GetBytes(host.Instance.IdScope), 0, .. "dev-1"u8, 0, .. endorsementKey];

    private byte[] Token(ProvisioningHost host)
    {
        var resource = Uri.EscapeDataString($"{host.Instance.IdScope}/registrations/dev-1");
        var end = host.Time.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        return Encoding.ASCII.GetBytes($"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(Convert.ToBase64String(device.Sign(Encoding.UTF8.GetBytes($"{resource}\n{end}"))))}&se={end}&skn=registration");
    }
}
