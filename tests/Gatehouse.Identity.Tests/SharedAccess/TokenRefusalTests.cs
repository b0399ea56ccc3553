using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Xunit;
using static Gatehouse.Contracts.Audit.RefusalReason;

namespace Gatehouse.Identity.Tests.SharedAccess;

/// <summary>Every way in which a token is not good, with its reason for the operator; the peer is told one thing.</summary>
public sealed class TokenRefusalTests
{
    private const string Good = "SharedAccessSignature sr=hub.example.com%2Fdevices%2Fdev1&sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D&se=1900000000";

    private static readonly long Now = SasText.Now.ToUnixTimeSeconds();

    private static readonly Dictionary<string, (string Device, string Token, RefusalReason Reason, string Words)> Cases = Table().ToDictionary(c => c.Name, c => (c.Device, c.Token, c.Reason, c.Words));

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_bad_token_is_refused_for_its_reason(string name)
    {
        var (device, token, reason, words) = Cases[name];
        var world = World();

        var verdict = await JudgeAsync(world, device, token);

        var refused = Assert.IsType<Verdict.Refused>(verdict);
        Assert.Equal(reason, refused.Reason);
        Assert.Contains(words, refused.Detail, StringComparison.Ordinal);
        Assert.Equal(HubErrors.IotHubUnauthorized, refused.Error);
        Assert.DoesNotContain("secret key", refused.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(300, true)]
    [InlineData(301, false)]
    public async Task A_token_is_taken_until_the_allowance_is_used_up(int secondsLate, bool isTaken)
    {
        var world = World();

        var verdict = await JudgeAsync(world, "dev1", (SasText.For("/devices/dev1", "dev1-1") with { Expiry = $"{Now - secondsLate}" }).ToString());

        Assert.Equal(isTaken, verdict is Verdict.Accepted);
        Assert.Equal(!isTaken, verdict is Verdict.Refused { Reason: TokenExpired } refused && refused.Detail.Contains(" 301 s ago, and 300 s are allowed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_allowance_is_an_option()
    {
        var world = World();
        var token = (SasText.For("/devices/dev1", "dev1-1") with { Expiry = $"{Now - 1}" }).ToString();

        var strict = await world.Devices(SasText.Now, new IdentityOptions { ClockAllowance = TimeSpan.Zero }).AuthenticateAsync(Login("dev1", token), CancellationToken.None);

        Assert.Contains(" 1 s ago, and 0 s are allowed", Assert.IsType<Verdict.Refused>(strict).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task A_token_of_the_longest_length_is_looked_at_and_no_longer_one(int over, bool isTaken)
    {
        var world = World();
        var token = SasText.For("/devices/dev1", "dev1-1").ToString() + "&x=";
        token += new string('y', 4096 - token.Length + over);

        var verdict = await JudgeAsync(world, "dev1", token);

        Assert.Equal(isTaken, verdict is Verdict.Accepted);
        Assert.Equal(!isTaken, verdict is Verdict.Refused { Reason: TokenMalformed } refused && refused.Detail.Contains("4097 characters, 4096 are allowed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_policy_without_the_right_is_told_so_as_it_proved_to_hold_the_key()
    {
        var world = World();

        var verdict = await JudgeAsync(world, "dev1", (SasText.For("", "service-1") with { Policy = "service" }).ToString());

        Assert.Equal((PolicyLacksRight, HubErrors.IotHubUnauthorizedAccess), verdict is Verdict.Refused r ? (r.Reason, r.Error) : default);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("/devices", 2)]
    [InlineData("/devices/dev1", 1)]
    public async Task A_policy_with_DeviceConnect_opens_what_its_scope_covers_as_a_device(string path, int key)
    {
        var world = World();

        var verdict = await JudgeAsync(world, "dev1", (SasText.For(path, $"iothubowner-{key}") with { Policy = "iothubowner" }).ToString());

        var principal = Assert.IsType<Verdict.Accepted>(verdict).Principal;
        Assert.Equal(("iothubowner", Rights.DeviceConnect, AuthenticationMethod.PolicyKey), (principal.PolicyName, principal.Rights, principal.Method));
        Assert.Equal("dev1", principal.Identity.ToString());
    }

    [Fact]
    public async Task A_token_over_the_decoded_resource_is_refused_from_devices()
    {
        var world = World();
        var decoded = new SasText { Resource = $"{MemoryCredentials.Host}/devices/dev1", Key = MemoryCredentials.Key("dev1-1") };
        var encoded = Uri.EscapeDataString(decoded.Resource);

        var verdict = await JudgeAsync(world, "dev1", decoded.ToString().Replace(decoded.Resource, encoded, StringComparison.Ordinal));

        Assert.Equal(TokenSignatureWrong, Assert.IsType<Verdict.Refused>(verdict).Reason);
    }

    private static IEnumerable<(string Name, string Device, string Token, RefusalReason Reason, string Words)> Table()
    {
        (string, string, string, RefusalReason, string) Broken(string name, string token, string words) => (name, "dev1", token, TokenMalformed, words);
        (string, string, string, RefusalReason, string) Wrong(string name, string device, SasText token, RefusalReason reason, string words) => (name, device, token.ToString(), reason, words);
        return
        [
            Broken("another scheme", "Bearer " + Good[22..], "does not begin with"),
            Broken("no scheme", Good[22..], "does not begin with"),
            Broken("the scheme alone", "SharedAccessSignature ", "'sr' is missing"),
            Broken("the scheme without a blank", "SharedAccessSignature", "does not begin with"),
            Broken("no sr", Good.Replace("sr=", "rs=", StringComparison.Ordinal), "'sr' is missing"),
            Broken("no sig", Good.Replace("sig=", "gis=", StringComparison.Ordinal), "'sig' is missing"),
            Broken("no se", Good.Replace("se=", "es=", StringComparison.Ordinal), "'se' is missing"),
            Broken("empty sr", Good.Replace("sr=hub.example.com%2Fdevices%2Fdev1", "sr=", StringComparison.Ordinal), "'sr' is missing or empty"),
            Broken("empty se", Good.Replace("1900000000", "", StringComparison.Ordinal), "'se' is missing or empty"),
            Broken("sr twice", Good + "&sr=hub.example.com", "occurs twice"),
            Broken("sr twice, once in capitals", Good + "&SR=hub.example.com", "occurs twice"),
            Broken("sig twice", Good + "&sig=AAAA", "occurs twice"),
            Broken("se twice", Good + "&se=1", "occurs twice"),
            Broken("skn twice", Good + "&skn=a&skn=a", "occurs twice"),
            Broken("empty skn twice", Good + "&skn=&skn=", "occurs twice"),
            Broken("a field without a value", Good + "&x", "has no '='"),
            Broken("an empty field in between", Good.Replace("&se", "&&se", StringComparison.Ordinal), "has no '='"),
            Broken("nine fields", Good + string.Concat(Enumerable.Range(0, 6).Select(i => $"&x{i}=")), "more than 8 fields"),
            Broken("a blank inside", Good.Replace("&se", " &se", StringComparison.Ordinal), "a blank"),
            Broken("a line feed at the end", Good + "\n", "a control"),
            Broken("a letter beyond ASCII", Good.Replace("dev1", "dév1", StringComparison.Ordinal), "a non-ASCII"),
            Broken("a NUL", Good + "\0", "a control"),
            Expires("negative", "-1"),
            Expires("with a plus", "+1900000000"),
            Expires("with a fraction", "1900000000.5"),
            Expires("with an exponent", "1e10"),
            Expires("hexadecimal", "0x7fffffff"),
            Expires("one beyond 64 bits", "18446744073709551616"),
            Expires("of 21 digits", "000000000001900000000"),
            Expires("in words", "tomorrow"),
            Expires("percent-encoded", "%31900000000"),
            Expires("in Arabic digits' escapes", "%D9%A1"),
            Signs("of 31 bytes", Convert.ToBase64String(new byte[31])),
            Signs("of 33 bytes", Convert.ToBase64String(new byte[33])),
            Signs("of 64 bytes", Convert.ToBase64String(new byte[64])),
            Signs("without padding", new string('A', 43)),
            Signs("in base64url", "-" + new string('_', 42) + "="),
            Signs("in hexadecimal", new string('a', 64)),
            Signs("with a blank inside", "%20" + new string('A', 42) + "="),
            Signs("with a broken escape", new string('A', 43) + "%3"),
            Signs("with an escape of nonsense", new string('A', 43) + "%zz"),
            Signs("encoded twice", new string('A', 43) + "%253D"),
            Broken("skn with a broken escape", Good + "&skn=a%2", "'skn' is not percent-encoded"),
            Broken("skn with an escaped NUL", Good + "&skn=a%00", "'skn' is not percent-encoded"),

            Wrong("another device's key", "dev1", SasText.For("/devices/dev1", "dev10-1"), TokenSignatureWrong, "neither the primary nor the secondary key of 'dev1'"),
            Wrong("an empty key", "dev1", SasText.For("/devices/dev1", "dev1-1") with { Key = [] }, TokenSignatureWrong, "neither the primary nor"),
            ("a signature of zeros", "dev1", Good, TokenSignatureWrong, "neither the primary nor"),
            ("an end moved after signing", "dev1", SasText.For("/devices/dev1", "dev1-1").ToString().Replace(SasText.Later, "1900000000", StringComparison.Ordinal), TokenSignatureWrong, "neither"),
            ("a resource re-encoded after signing", "dev1", SasText.For("/devices/dev1", "dev1-1").ToString().Replace("%2F", "%2f", StringComparison.Ordinal), TokenSignatureWrong, "neither"),
            Wrong("a module's token with its device's key", "dev1/mod1", SasText.For("/devices/dev1/modules/mod1", "dev1-1"), TokenSignatureWrong, "signed with a key of its device"),
            Wrong("only a secondary key is left and the old primary signs", "half", SasText.For("/devices/half", "half-1"), TokenSignatureWrong, "neither"),

            Wrong("another host", "dev1", new SasText { Resource = "other.example.com%2Fdevices%2Fdev1", Key = MemoryCredentials.Key("dev1-1") }, TokenScopeWrong, "made for the host 'other.example.com'"),
            Wrong("a host that ends like the hub's", "dev1", new SasText { Resource = "evil-hub.example.com%2Fdevices%2Fdev1", Key = MemoryCredentials.Key("dev1-1") }, TokenScopeWrong, "made for the host"),
            Wrong("a host that begins like the hub's", "dev1", new SasText { Resource = "hub.example.com.evil.org%2Fdevices%2Fdev1", Key = MemoryCredentials.Key("dev1-1") }, TokenScopeWrong, "made for the host"),
            Wrong("the user before the host", "dev1", new SasText { Resource = "hub.example.com@evil.org%2Fdevices%2Fdev1", Key = MemoryCredentials.Key("dev1-1") }, TokenScopeWrong, "made for the host"),
            Wrong("a whole host with a device's key", "dev1", SasText.For("", "dev1-1"), TokenScopeWrong, "covers a whole host"),
            Wrong("all devices with a device's key", "dev1", SasText.For("/devices", "dev1-1"), TokenScopeWrong, "and 'dev1' connects with it"),
            Wrong("a sibling that begins alike", "dev10", SasText.For("/devices/dev1", "dev10-1"), TokenScopeWrong, "and 'dev10' connects"),
            Wrong("a sibling that goes on", "dev1", SasText.For("/devices/dev10", "dev1-1"), TokenScopeWrong, "and 'dev1' connects"),
            Wrong("an id in another case", "dev1", SasText.For("/devices/DEV1", "dev1-1"), TokenScopeWrong, "and 'dev1' connects"),
            Wrong("a device's resource with its module's key", "dev1/mod1", SasText.For("/devices/dev1", "dev1/mod1-1"), TokenScopeWrong, "and 'dev1/mod1' connects"),
            Wrong("a module's resource with its device's key", "dev1", SasText.For("/devices/dev1/modules/mod1", "dev1-1"), TokenScopeWrong, "and 'dev1' connects"),
            Wrong("another module's resource", "dev1/mod1", SasText.For("/devices/dev1/modules/mod2", "dev1/mod1-1"), TokenScopeWrong, "connects with it"),
            Wrong("more than the device", "dev1", SasText.For("/devices/dev1/messages/events", "dev1-1"), TokenScopeWrong, "connects with it"),
            Wrong("another word than devices", "dev1", SasText.For("/device/dev1", "dev1-1"), TokenScopeWrong, "connects with it"),
            Wrong("an empty segment", "dev1", SasText.For("//dev1", "dev1-1"), TokenScopeWrong, "connects with it"),
            Wrong("dots for segments", "dev1", SasText.For("/devices/x/../dev1", "dev1-1"), TokenScopeWrong, "connects with it"),
            Wrong("an id encoded three times", "dev1", new SasText { Resource = "hub.example.com%2Fdevices%2Fdev%252531", Key = MemoryCredentials.Key("dev1-1") }, TokenScopeWrong, "connects with it"),
            Wrong("wrong scope and wrong key", "dev1", SasText.For("/devices/dev2", "dev2-1"), TokenScopeWrong, "matches neither key of 'dev1' either"),

            Wrong("ended long ago", "dev1", SasText.For("/devices/dev1", "dev1-1") with { Expiry = "0" }, TokenExpired, $"1970-01-01T00:00:00Z, {Now} s ago"),
            Wrong("ended, with the secondary key", "dev1", SasText.For("/devices/dev1", "dev1-2") with { Expiry = $"{Now - 1000}" }, TokenExpired, " 1000 s ago"),
            Wrong("a policy's token that ended", "dev1", SasText.For("", "iothubowner-1") with { Policy = "iothubowner", Expiry = $"{Now - 400}" }, TokenExpired, " 400 s ago"),

            Wrong("a policy that does not exist", "dev1", SasText.For("", "iothubowner-1") with { Policy = "nobody" }, PolicyUnknown, "no shared access policy 'nobody'"),
            Wrong("a policy in another case", "dev1", SasText.For("", "iothubowner-1") with { Policy = "IotHubOwner" }, PolicyUnknown, "'IotHubOwner'"),
            Wrong("a policy with a name beyond length", "dev1", SasText.For("", "iothubowner-1") with { Policy = new string('p', 65) }, PolicyUnknown, "no shared access policy"),
            Wrong("a policy with another policy's key", "dev1", SasText.For("", "service-1") with { Policy = "iothubowner" }, TokenSignatureWrong, "of the policy 'iothubowner'; was the key regenerated"),
            Wrong("a policy of another hub", "dev1", new SasText { Resource = "other.example.com", Key = MemoryCredentials.Key("x"), Policy = "iothubowner" }, TokenSignatureWrong, "probably the key of another hub's policy"),
            Wrong("a policy's token for another host", "dev1", new SasText { Resource = "other.example.com", Key = MemoryCredentials.Key("iothubowner-1"), Policy = "iothubowner" }, TokenScopeWrong, "made for the host"),
            Wrong("a policy's token for another device", "dev1", SasText.For("/devices/dev10", "iothubowner-1") with { Policy = "iothubowner" }, TokenScopeWrong, "and 'dev1' connects"),
            Wrong("a policy's token with the id encoded twice", "dev1", new SasText { Resource = "hub.example.com%2Fdevices%2Fdev%2531", Key = MemoryCredentials.Key("iothubowner-1"), Policy = "iothubowner" }, TokenScopeWrong, "connects with it"),
            Wrong("a device's key under a policy's name", "dev1", SasText.For("/devices/dev1", "dev1-1") with { Policy = "iothubowner" }, TokenSignatureWrong, "of the policy 'iothubowner'"),
            Wrong("a policy's key without its name", "dev1", SasText.For("/devices/dev1", "iothubowner-1"), TokenSignatureWrong, "neither the primary nor the secondary key of 'dev1'"),

            Wrong("nobody's device", "ghost", SasText.For("/devices/ghost", "ghost-1"), UnknownIdentity, "has no device 'ghost'"),
            Wrong("nobody's module", "dev1/ghost", SasText.For("/devices/dev1/modules/ghost", "x"), UnknownIdentity, "has no module 'dev1/ghost'"),
            Wrong("a disabled device with a good token", "off", SasText.For("/devices/off", "off-1"), IdentityDisabled, "'off' is disabled. Its proof was good."),
            Wrong("a disabled device with a bad token", "off", SasText.For("/devices/off", "dev1-1"), IdentityDisabled, "would have been refused too: The token is signed with neither"),
            Wrong("a disabled device with a policy's token", "off", SasText.For("", "iothubowner-1") with { Policy = "iothubowner" }, IdentityDisabled, "Its proof was good"),
            Wrong("a device that is registered for thumbprints", "thumb", SasText.For("/devices/thumb", "thumb-1"), CredentialKindMismatch, "registered for X.509"),
            Wrong("a device that is registered for a CA", "ca", SasText.For("", "iothubowner-1") with { Policy = "iothubowner" }, CredentialKindMismatch, "registered for X.509"),
            Wrong("a device without credentials", "none", SasText.For("", "iothubowner-1") with { Policy = "iothubowner" }, CredentialKindMismatch, "registered without credentials"),
            ("no token", "dev1", "", CredentialMissing, "No SAS token was presented."),
            Wrong("a key that does not open", "moved", SasText.For("/devices/moved", "moved-1"), TokenSignatureWrong, "does not open: check the server's key file"),
        ];

        (string, string, string, RefusalReason, string) Expires(string name, string se) =>
            Broken("end " + name, Good.Replace("1900000000", se, StringComparison.Ordinal), "'se' is not a number of seconds");

        (string, string, string, RefusalReason, string) Signs(string name, string sig) =>
            Broken("signature " + name, $"SharedAccessSignature sr=hub.example.com%2Fdevices%2Fdev1&sig={sig}&se=1900000000", "'sig' is not the base64 text of 32 bytes");
    }

    private static MemoryCredentials World()
    {
        var world = new MemoryCredentials();
        foreach (var id in new[] { "dev1", "dev10", "dev1/mod1" })
        {
            world.AddDevice(id);
        }

        world.AddDevice("off", change: d => d with { IsEnabled = false });
        world.AddDevice("half", change: d => d with { PrimaryKey = null });
        world.AddDevice("moved", change: d => d with { KeyBinding = "hub/identities/somebody" });
        world.AddDevice("thumb", CredentialKind.SelfSigned);
        world.AddDevice("ca", CredentialKind.CertificateAuthority);
        world.AddDevice("none", CredentialKind.None);
        world.AddPolicy("iothubowner", Rights.Owner);
        world.AddPolicy("service", Rights.ServiceConnect);
        return world;
    }

    private static DeviceLogin Login(string id, string token) => new(MemoryCredentials.Host, MemoryCredentials.Identity(id), token, null);

    private static async Task<Verdict> JudgeAsync(MemoryCredentials world, string id, string token) => await world.Devices(SasText.Now).AuthenticateAsync(Login(id, token), CancellationToken.None);
}
