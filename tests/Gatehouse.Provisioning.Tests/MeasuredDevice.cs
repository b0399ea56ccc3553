using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Tests.Tpm;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>A device with a TPM that registers as <c>dev-1</c> with an enrollment that measures its boot.</summary>
internal sealed class MeasuredDevice(ProvisioningHost host, TpmDevice tpm)
{
    /// <summary>Takes a challenge; what it answers, and the token for it.</summary>
    internal sealed record Attempt(string Token, JsonObject Tpm)
    {
        internal JsonObject Quote => Tpm["quote"]!.AsObject();
    }

    private string Path => $"/{host.Instance.IdScope}/registrations/dev-1/register?api-version=2019-03-31";

    internal Task<ProvisioningHost.Answer> EnrollAsync(string policy = """{"pcrs":[0,16]}""", string? ifMatch = null) => host.AskAsync(
        "PUT",
        "/enrollments/dev-1",
        $$$$"""{"measuredBootPolicy":{{{{policy}}}},"attestation":{"type":"tpm","tpm":{"endorsementKey":"{{{{Convert.ToBase64String(tpm.EndorsementKey)}}}}"}}}""",
        ifMatch);

    /// <summary>Registers with a quote of what its registers hold now; the outcome.</summary>
    internal async Task<ProvisioningHost.Answer> RegisterAsync()
    {
        var attempt = await AttemptAsync();
        return await FinishAsync(attempt.Token, await SendAsync(attempt));
    }

    internal async Task<ProvisioningHost.Answer> FinishAsync(string token, ProvisioningHost.Answer started) => started.Code != 202
        ? started
        : await host.SendAsync("GET", $"/{host.Instance.IdScope}/registrations/dev-1/operations/{started.Text("operationId")}?api-version=2019-03-31", token);

    /// <summary>The 401 with what the TPM is to do.</summary>
    internal Task<ProvisioningHost.Answer> AskAsync(string? attestationKey = null) => SendAsync(null, Keys(attestationKey ?? Convert.ToBase64String(tpm.AttestationKey)));

    /// <summary>Challenge, activation, quote: everything but the last request.</summary>
    internal async Task<Attempt> AttemptAsync(string? bank = null, int[]? registers = null)
    {
        var challenge = await AskAsync();
        Assert.True(challenge.Code == 401 && challenge.Text("measuredBoot.credentialBlob").Length > 0, challenge.Body?.ToJsonString());
        var token = Token(challenge);
        var opened = tpm.Open(Convert.FromBase64String(challenge.Text("measuredBoot.credentialBlob")), Convert.FromBase64String(challenge.Text("measuredBoot.encryptedSecret")));
        Assert.NotNull(opened);
        var asked = challenge.Body!["measuredBoot"]!["pcrs"]!.AsArray().Select(pcr => (int)pcr!).ToArray();
        var (quoted, signature, values) = tpm.Quote(Convert.FromBase64String(challenge.Text("measuredBoot.nonce")), bank ?? challenge.Text("measuredBoot.hashAlgorithm"), registers ?? asked);
        var keys = Keys(Convert.ToBase64String(tpm.AttestationKey));
        keys["quote"] = new JsonObject
        {
            ["credential"] = Convert.ToBase64String(opened),
            ["quoted"] = Convert.ToBase64String(quoted),
            ["signature"] = Convert.ToBase64String(signature),
            ["pcrValues"] = new JsonObject(values.Select(each => KeyValuePair.Create(each.Key.ToString(System.Globalization.CultureInfo.InvariantCulture), (JsonNode?)each.Value))),
        };
        return new Attempt(token, keys);
    }

    /// <summary>Signed by what the TPM opened.</summary>
    internal string Token(ProvisioningHost.Answer challenge)
    {
        Assert.Null(tpm.Activate(Convert.FromBase64String(challenge.Text("authenticationKey"))));
        var resource = Uri.EscapeDataString($"{host.Instance.IdScope}/registrations/dev-1");
        var end = host.Time.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        return $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(Convert.ToBase64String(tpm.Sign(Encoding.UTF8.GetBytes($"{resource}\n{end}"))))}&se={end}&skn=registration";
    }

    internal Task<ProvisioningHost.Answer> SendAsync(Attempt attempt) => SendAsync(attempt.Token, attempt.Tpm);

    internal Task<ProvisioningHost.Answer> SendAsync(string? token, JsonObject keys) =>
        host.SendAsync("PUT", Path, token, new JsonObject { ["registrationId"] = "dev-1", ["tpm"] = keys.DeepClone() }.ToJsonString());

    internal Task<ProvisioningHost.Answer> LookUpAsync(string token) => host.SendAsync("POST", $"/{host.Instance.IdScope}/registrations/dev-1?api-version=2019-03-31", token, """{"registrationId":"dev-1"}""");

    internal JsonObject Keys(string? attestationKey)
    {
        var keys = new JsonObject { ["endorsementKey"] = Convert.ToBase64String(tpm.EndorsementKey), ["storageRootKey"] = Convert.ToBase64String(tpm.StorageRootKey) };
        if (!string.IsNullOrEmpty(attestationKey))
        {
            keys["attestationKey"] = attestationKey;
        }

        return keys;
    }
}
