using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.Tests.SharedAccess;
using Gatehouse.Identity.Tests.X509;
using Xunit;
using static Gatehouse.Contracts.Audit.RefusalReason;

namespace Gatehouse.Identity.Tests;

/// <summary>What a hub asks of proofs beyond what the service asks: every kind of proof, under every mode.</summary>
public sealed class StrictnessTests
{
    private static readonly Issued Root = Recipe.Authority("Root").Issue();
    private static readonly Issued Pinned = (Recipe.Device(null!) with { Issuer = null, Subject = Names.Cn("anything") }).Issue();
    private static readonly Strictness AnHour = new() { MaxTokenSeconds = 3600 };
    private static readonly Strictness X509 = new() { IsX509Only = true };
    private static readonly Strictness Own = new() { IsOwnTokensOnly = true };

    [Theory]
    [InlineData("device", "3900", true)]
    [InlineData("device", "3901", false)]
    [InlineData("device", "ever", false)]
    [InlineData("module", "3900", true)]
    [InlineData("module", "3901", false)]
    [InlineData("policy", "3900", true)]
    [InlineData("policy", "3901", false)]
    [InlineData("policy", "ever", false)]
    [InlineData("back end", "3900", true)]
    [InlineData("back end", "3901", false)]
    [InlineData("back end", "ever", false)]
    public async Task A_token_that_ends_within_the_hour_and_the_allowance_is_taken_and_one_that_ends_a_second_later_is_not(string proof, string seconds, bool isTaken)
    {
        var expiry = seconds == "ever" ? ulong.MaxValue.ToString(CultureInfo.InvariantCulture) : (SasText.Now.ToUnixTimeSeconds() + int.Parse(seconds, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture);

        Assert.IsType<Verdict.Accepted>(await JudgeAsync(Strictness.None, proof, expiry));
        var verdict = await JudgeAsync(AnHour, proof, expiry);

        if (isTaken)
        {
            Assert.IsType<Verdict.Accepted>(verdict);
            return;
        }

        var refused = Assert.IsType<Verdict.Refused>(verdict);
        Assert.Equal((TokenLifetimeTooLong, proof == "back end" ? HubErrors.IotHubUnauthorizedAccess : HubErrors.IotHubUnauthorized), (refused.Reason, refused.Error));
        Assert.Contains("takes none that ends in more than 3600 s (and 300 s for clocks)", refused.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("device", false)]
    [InlineData("module", false)]
    [InlineData("policy", false)]
    [InlineData("back end", true)]
    [InlineData("thumbprint", true)]
    [InlineData("authority", true)]
    [InlineData("module by thumbprint", true)]
    public async Task A_hub_for_certificates_lets_no_device_in_by_a_token_and_back_ends_as_before(string proof, bool isTaken)
    {
        Assert.IsType<Verdict.Accepted>(await JudgeAsync(Strictness.None, proof));
        var verdict = await JudgeAsync(X509, proof);

        if (isTaken)
        {
            Assert.IsType<Verdict.Accepted>(verdict);
            return;
        }

        var refused = Assert.IsType<Verdict.Refused>(verdict);
        Assert.Equal((TokenNotAccepted, HubErrors.IotHubUnauthorized), (refused.Reason, refused.Error));
    }

    [Theory]
    [InlineData("device", true)]
    [InlineData("module", true)]
    [InlineData("policy", false)]
    [InlineData("policy of the hub", false)]
    [InlineData("back end", true)]
    [InlineData("thumbprint", true)]
    [InlineData("authority", true)]
    public async Task A_hub_for_own_tokens_lets_no_device_in_by_a_policy_however_narrow_its_token(string proof, bool isTaken)
    {
        Assert.IsType<Verdict.Accepted>(await JudgeAsync(Strictness.None, proof));
        var verdict = await JudgeAsync(Own, proof);

        if (isTaken)
        {
            Assert.Equal(proof == "back end" ? Rights.Owner : Rights.DeviceConnect, Assert.IsType<Verdict.Accepted>(verdict).Principal.Rights);
            return;
        }

        var refused = Assert.IsType<Verdict.Refused>(verdict);
        Assert.Equal((TokenTooWide, HubErrors.IotHubUnauthorized), (refused.Reason, refused.Error));
        Assert.Contains("signed with a key of the policy 'iothubowner'", refused.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/devices/dev1/messages/events", Rights.DeviceTelemetry)]
    [InlineData("/devices/dev1/Messages/Events/", Rights.DeviceTelemetry)]
    [InlineData("/devices/dev1/messages/devicebound", Rights.DeviceMessages)]
    [InlineData("/devices/dev1/messages/deviceBound", Rights.DeviceMessages)]
    [InlineData("/devices/dev1/methods", Rights.DeviceMethods)]
    [InlineData("/devices/dev1/twin", Rights.DeviceTwin)]
    [InlineData("/devices/dev1/files", Rights.DeviceFiles)]
    [InlineData("/devices/dev1", Rights.DeviceConnect)]
    [InlineData("/devices/dev1/messages", Rights.None)]
    [InlineData("/devices/dev1/messages/events/x", Rights.None)]
    [InlineData("/devices/dev1/messages//events", Rights.None)]
    [InlineData("/devices/dev1/messages%2Fevents", Rights.None)]
    [InlineData("/devices/dev1/modules/mod1", Rights.None)]
    [InlineData("/devices/dev1/modules/mod1/twin", Rights.None)]
    [InlineData("/devices/dev1/api-version=2016-11-14", Rights.None)]
    [InlineData("/devices/dev10/twin", Rights.None)]
    [InlineData("/devices", Rights.None)]
    [InlineData("/twin", Rights.None)]
    [InlineData("", Rights.None)]
    public async Task A_token_that_goes_on_below_its_device_is_good_for_that_part_and_only_where_the_hub_looks_at_parts(string path, Rights expected)
    {
        foreach (var encode in new Func<string, string>[] { Uri.EscapeDataString, static text => text })
        {
            var token = SasText.For(path, "dev1-1") with { Resource = encode(MemoryCredentials.Host + path) };
            var world = new MemoryCredentials { Strictness = Own };
            world.AddDevice("dev1");
            var login = new DeviceLogin(MemoryCredentials.Host, MemoryCredentials.Identity("dev1"), token.ToString(), null);
            var strict = await world.Devices(SasText.Now).AuthenticateAsync(login, CancellationToken.None);
            world.Strictness = Strictness.None;
            var usual = await world.Devices(SasText.Now).AuthenticateAsync(login, CancellationToken.None);

            Assert.Equal(expected, strict is Verdict.Accepted accepted ? accepted.Principal.Rights : Rights.None);
            Assert.Equal(expected == Rights.None ? TokenScopeWrong : null, (strict as Verdict.Refused)?.Reason);
            Assert.Equal(expected == Rights.DeviceConnect ? null : TokenScopeWrong, (usual as Verdict.Refused)?.Reason);
        }
    }

    [Fact]
    public async Task A_part_of_a_module_is_the_modules_alone()
    {
        var world = new MemoryCredentials { Strictness = Own };
        world.AddDevice("dev1");
        world.AddDevice("dev1/mod1");
        var token = SasText.For("/devices/dev1/modules/mod1/twin", "dev1/mod1-1").ToString();
        async Task<Rights?> RightsOf(string id) => (await world.Devices(SasText.Now).AuthenticateAsync(new DeviceLogin(MemoryCredentials.Host, MemoryCredentials.Identity(id), token, null), CancellationToken.None) as Verdict.Accepted)?.Principal.Rights;

        Assert.Equal((Rights.DeviceTwin, null), (await RightsOf("dev1/mod1"), await RightsOf("dev1")));
    }

    [Theory]
    [InlineData("device with a wrong key", TokenSignatureWrong)]
    [InlineData("unknown", UnknownIdentity)]
    [InlineData("disabled", IdentityDisabled)]
    public async Task Strict_modes_tell_only_those_whose_proof_is_good(string proof, RefusalReason reason)
    {
        foreach (var asked in new[] { X509, AnHour, X509 with { MaxTokenSeconds = 600 }, X509 with { IsOwnTokensOnly = true } })
        {
            var refused = Assert.IsType<Verdict.Refused>(await JudgeAsync(asked, proof, ulong.MaxValue.ToString(CultureInfo.InvariantCulture)));

            Assert.Equal((reason, HubErrors.IotHubUnauthorized), (refused.Reason, refused.Error));
            Assert.Equal(reason == IdentityDisabled, refused.Detail.Contains("would have been refused too", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Both_modes_together_refuse_a_short_token_too()
    {
        var refused = Assert.IsType<Verdict.Refused>(await JudgeAsync(X509 with { MaxTokenSeconds = 3600 }, "device"));

        Assert.Equal(TokenNotAccepted, refused.Reason);
    }

    private static async Task<Verdict> JudgeAsync(Strictness asked, string proof, string? expiry = null)
    {
        var world = new MemoryCredentials { Strictness = asked, Anchors = new TrustAnchors([X509CertificateLoader.LoadCertificate(Root.Raw)]) };
        var thumbprint = Convert.ToHexString(SHA256.HashData(Pinned.Raw));
        world.AddDevice("dev1");
        world.AddDevice("dev1/mod1");
        world.AddDevice("off", change: d => d with { IsEnabled = false });
        world.AddDevice("pinned", CredentialKind.SelfSigned, d => d with { PrimaryThumbprint = thumbprint });
        world.AddDevice("pinned/mod1", CredentialKind.SelfSigned, d => d with { PrimaryThumbprint = thumbprint });
        world.AddDevice("issued", CredentialKind.CertificateAuthority);
        world.AddPolicy("iothubowner", Rights.Owner);
        string Token(string path, string key, string? policy = null) => (SasText.For(path, key) with { Policy = policy, Expiry = expiry ?? SasText.Later }).ToString();
        if (proof == "back end")
        {
            return await world.Policies(SasText.Now).AuthenticateAsync(MemoryCredentials.Host, "/devices/dev1", Token("", "iothubowner-1", "iothubowner"), CancellationToken.None);
        }

        var (id, token, certificate) = proof switch
        {
            "device" => ("dev1", Token("/devices/dev1", "dev1-1"), null),
            "module" => ("dev1/mod1", Token("/devices/dev1/modules/mod1", "dev1/mod1-2"), null),
            "policy" => ("dev1", Token("/devices/dev1", "iothubowner-2", "iothubowner"), null),
            "policy of the hub" => ("dev1", Token("", "iothubowner-1", "iothubowner"), null),
            "device with a wrong key" => ("dev1", Token("/devices/dev1", "dev2-1"), null),
            "unknown" => ("ghost", Token("/devices/ghost", "ghost-1"), null),
            "disabled" => ("off", Token("/devices/off", "off-1"), null),
            "thumbprint" => ("pinned", null, Pinned),
            "module by thumbprint" => ("pinned/mod1", null, Pinned),
            "authority" => ("issued", (string?)null, (Issued?)Recipe.Device(Root, "issued").Issue()),
            _ => throw new ArgumentException(proof),
        };
        using var shown = certificate is null ? null : new PeerCertificate(X509CertificateLoader.LoadCertificate(certificate.Raw), []);
        return await world.Devices(SasText.Now).AuthenticateAsync(new DeviceLogin(MemoryCredentials.Host, MemoryCredentials.Identity(id), token, shown), CancellationToken.None);
    }
}
