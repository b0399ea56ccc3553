using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.Tests.SharedAccess;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Gatehouse.Contracts.Audit.RefusalReason;

namespace Gatehouse.Identity.Tests;

public sealed class PolicyAuthenticatorTests
{
    [Theory]
    [InlineData("", "/devices/d1", "iothubowner")]
    [InlineData("/devices", "/devices/d1", "iothubowner")]
    [InlineData("/devices/d1", "/devices/d1", "service")]
    [InlineData("/devices/d1", "/devices/d1/modules", "service")]
    [InlineData("/Devices/d1", "/devices/d1", "service")]
    [InlineData("/twins/d1", "/twins/d1", "service")]
    [InlineData("/messages/events/", "/messages/events", "service")]
    public async Task A_token_opens_what_its_scope_covers(string scope, string path, string policy)
    {
        var world = World();

        var verdict = await JudgeAsync(world, path, (SasText.For(scope, policy + "-2") with { Policy = policy }).ToString());

        var principal = Assert.IsType<Verdict.Accepted>(verdict).Principal;
        Assert.Equal((policy, "secondaryKey", null, AuthenticationMethod.PolicyKey), (principal.PolicyName, principal.Credential, principal.Identity, principal.Method));
        Assert.Equal(policy == "service" ? Rights.ServiceConnect : Rights.Owner, principal.Rights);
    }

    [Theory]
    [InlineData("/devices/d1", "/devices/d10")]
    [InlineData("/devices/d10", "/devices/d1")]
    [InlineData("/devices/d1", "/devices")]
    [InlineData("/devices/D1", "/devices/d1")]
    [InlineData("/devices/d1", "/twins/d1")]
    [InlineData("/twins/D1", "/twins/d1")]
    [InlineData("/modules", "/devices/d1/modules")]
    [InlineData("//", "//devices")]
    public async Task A_token_opens_nothing_else(string scope, string path)
    {
        var world = World();

        var verdict = await JudgeAsync(world, path, (SasText.For(scope + (scope == "//" ? "x" : ""), "service-1") with { Policy = "service" }).ToString());

        Assert.Equal(TokenScopeWrong, Assert.IsType<Verdict.Refused>(verdict).Reason);
    }

    [Fact]
    public async Task A_signature_over_the_decoded_resource_is_good_from_back_ends()
    {
        var world = World();
        var plain = new SasText { Resource = MemoryCredentials.Host + "/devices", Key = MemoryCredentials.Key("service-1"), Policy = "service" };

        var verdict = await JudgeAsync(world, "/devices/d1", plain.ToString().Replace(plain.Resource, Uri.EscapeDataString(plain.Resource), StringComparison.Ordinal));

        Assert.IsType<Verdict.Accepted>(verdict);
    }

    [Theory]
    [InlineData("nothing", CredentialMissing, "no Authorization header")]
    [InlineData("basic", TokenMalformed, "is not a SAS token: it does not begin")]
    [InlineData("no policy", PolicyUnknown, "names no shared access policy")]
    [InlineData("empty policy", PolicyUnknown, "names no shared access policy")]
    [InlineData("unknown policy", PolicyUnknown, "no shared access policy 'ghost'")]
    [InlineData("wrong key", TokenSignatureWrong, "of the policy 'service'; was the key regenerated")]
    [InlineData("unusable key", TokenSignatureWrong, "does not open: check the server's key file")]
    [InlineData("ended", TokenExpired, " 301 s ago")]
    [InlineData("other host", TokenScopeWrong, "made for the host 'other.example.com'")]
    [InlineData("unknown host", UnknownHub, "No hub answers to the host name 'other.example.com'")]
    public async Task A_bad_token_is_refused_for_its_reason(string which, RefusalReason reason, string words)
    {
        var world = World();
        var good = SasText.For("", "service-1") with { Policy = "service" };
        var text = which switch
        {
            "nothing" => null,
            "basic" => "Basic abc",
            "no policy" => (good with { Policy = null }).ToString(),
            "empty policy" => (good with { Policy = "" }).ToString(),
            "unknown policy" => (good with { Policy = "ghost" }).ToString(),
            "wrong key" => (good with { Key = MemoryCredentials.Key("iothubowner-1") }).ToString(),
            "unusable key" => (SasText.For("", "moved-1") with { Policy = "moved" }).ToString(),
            "ended" => (good with { Expiry = $"{SasText.Now.ToUnixTimeSeconds() - 301}" }).ToString(),
            "other host" => (good with { Resource = "other.example.com" }).ToString(),
            _ => good.ToString(),
        };

        var verdict = await JudgeAsync(world, "/devices/d1", text, which == "unknown host" ? "other.example.com" : MemoryCredentials.Host);

        var refused = Assert.IsType<Verdict.Refused>(verdict);
        Assert.Equal(reason, refused.Reason);
        Assert.Contains(words, refused.Detail, StringComparison.Ordinal);
        Assert.Equal(reason == UnknownHub ? HubErrors.IotHubNotFound : HubErrors.IotHubUnauthorizedAccess, refused.Error);
    }

    [Theory]
    [InlineData("hub.EXAMPLE.com:443")]
    [InlineData("gateway.example.com")]
    public async Task The_hub_is_addressed_by_any_of_its_names(string host)
    {
        var world = World();

        var verdict = await JudgeAsync(world, "/devices", (SasText.For("", "service-1") with { Policy = "service" }).ToString(), host);

        Assert.IsType<Verdict.Accepted>(verdict);
    }

    [Fact]
    public async Task An_address_with_wrong_keys_is_put_off_unread_and_let_in_again_after_a_while()
    {
        var world = World();
        var time = new FakeTimeProvider(SasText.Now);
        var policies = new PolicyAuthenticator(new IdentityParts(world, world.Vault, time) { Backoff = new RefusalBackoff(new BackoffOptions { RefusalsPerAddress = 3 }, time) });
        var good = (SasText.For("/devices", "service-2") with { Policy = "service" }).ToString();
        var wrong = (SasText.For("/devices", "other") with { Policy = "service" }).ToString();
        var (guesser, neighbour) = (IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2"));

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(CredentialMissing, await RefusalAsync("", guesser)); // guesses nothing
        }

        Assert.Equal([TokenSignatureWrong, TokenSignatureWrong, TokenSignatureWrong, BackedOff], new[] { await RefusalAsync(wrong, guesser), await RefusalAsync(wrong, guesser), await RefusalAsync(wrong, guesser), await RefusalAsync(wrong, guesser) });
        Assert.Equal(BackedOff, await RefusalAsync(good, guesser));
        Assert.Null(await RefusalAsync(good, neighbour));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(await RefusalAsync(good, guesser));

        async Task<RefusalReason?> RefusalAsync(string authorization, IPAddress address) =>
            (await policies.AuthenticateAsync(MemoryCredentials.Host, "/devices/d1", authorization, CancellationToken.None, address) as Verdict.Refused)?.Reason;
    }

    private static MemoryCredentials World()
    {
        var world = new MemoryCredentials();
        world.AddPolicy("iothubowner", Rights.Owner);
        world.AddPolicy("service", Rights.ServiceConnect);
        world.AddPolicy("moved", Rights.ServiceConnect, p => p with { KeyBinding = "hub/policies/other" });
        return world;
    }

    private static async Task<Verdict> JudgeAsync(MemoryCredentials world, string path, string? authorization, string host = MemoryCredentials.Host) =>
        await world.Policies(SasText.Now).AuthenticateAsync(host, path, authorization, CancellationToken.None);
}
