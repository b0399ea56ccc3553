using CsCheck;
using Gatehouse.Contracts.Access;
using Xunit;

namespace Gatehouse.Identity.Tests.SharedAccess;

/// <summary>Every way in which a client writes a good token.</summary>
public sealed class TokenFormTests
{
    // All characters that an id may hold, an escape that means something else when decoded once more among them.
    private const string HardId = "a%41-:.+%_#*?!(),=@;$'";

    public static TheoryData<string, string, int> All
    {
        get
        {
            var data = new TheoryData<string, string, int>();
            foreach (var form in SasText.Forms.Keys)
            {
                foreach (var id in new[] { "dev1", "dev1/mod1" })
                {
                    data.Add(form, id, 1);
                    data.Add(form, id, 2);
                }
            }

            foreach (var form in new[] { "Node", "Python", "C#", "C" })
            {
                data.Add(form, HardId, 1);
                data.Add(form, $"{HardId}/{HardId}", 2);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_good_token_is_accepted_with_either_key(string form, string id, int key)
    {
        var world = new MemoryCredentials();
        world.AddDevice(id);

        var verdict = await JudgeAsync(world, id, SasText.Forms[form](Path(id), MemoryCredentials.Key($"{id}-{key}")).ToString());

        var principal = Assert.IsType<Verdict.Accepted>(verdict).Principal;
        Assert.Equal((id, AuthenticationMethod.IdentityKey, key == 1 ? "primaryKey" : "secondaryKey"), (principal.Identity.ToString(), principal.Method, principal.Credential));
        Assert.Equal((Rights.DeviceConnect, "g1", null), (principal.Rights, principal.GenerationId, principal.PolicyName));
    }

    // Made with: printf '%s\n%s' SR SE | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64
    [Theory]
    [InlineData("SharedAccessSignature sr=hub.example.com%2Fdevices%2Fdev1&sig=odcUG9cgKZQpzgRpqOUve8aQkcoI8VZD0x%2FNUtTNNo0%3D&se=1800000000")]
    [InlineData("SharedAccessSignature sr=hub.example.com/devices/dev1&sig=PfiUIQtucp8u9NFokXIjI7Wwe5h8AL%2fPs45x1OUYb6o%3d&se=1800000000")]
    public async Task A_token_made_by_openssl_is_accepted(string token)
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1", change: d => d with { PrimaryKey = world.Vault.Seal(MemoryCredentials.Key("vec"), d.KeyBinding) });

        var verdict = await JudgeAsync(world, "dev1", token);

        var principal = Assert.IsType<Verdict.Accepted>(verdict).Principal;
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000), principal.ExpiresAt);
    }

    [Fact]
    public async Task A_plus_in_the_signature_stays_a_plus()
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1");
        var token = Enumerable.Range(0, 10_000)
            .Select(i => SasText.For("/devices/dev1", "dev1-1") with { Expiry = $"{1_800_000_000 + i}", EncodeSignature = s => s })
            .First(t => t.Signature.Contains('+', StringComparison.Ordinal) && t.Signature.Contains('/', StringComparison.Ordinal));

        Assert.IsType<Verdict.Accepted>(await JudgeAsync(world, "dev1", token.ToString()));
    }

    [Fact]
    public async Task Any_host_name_of_the_hub_will_do()
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1");

        foreach (var host in new[] { "gateway.example.com", "[::1]:8883", "::1" })
        {
            var token = new SasText { Resource = Uri.EscapeDataString(host + "/devices/dev1"), Key = MemoryCredentials.Key("dev1-1") };
            Assert.IsType<Verdict.Accepted>(await JudgeAsync(world, "dev1", token.ToString()));
        }
    }

    [Fact]
    public void Any_id_is_recognized_in_the_form_of_any_SDK() => Ids.Select(Forms).Sample(
        (id, form) =>
        {
            var world = new MemoryCredentials();
            world.AddDevice(id);
            return IsAccepted(world, id, SasText.Forms[form](Path(id), MemoryCredentials.Key(id + "-1")));
        },
        iter: 500);

    [Fact]
    public void No_id_is_taken_for_another() => Ids.Select(Ids).Where((a, b) => a != b).Sample(
        (a, b) =>
        {
            // Both hold the same keys, so that only the scope can tell them apart.
            var world = new MemoryCredentials();
            world.AddDevice(b, change: d => d with { PrimaryKey = world.Vault.Seal(MemoryCredentials.Key("same"), d.KeyBinding) });
            world.AddPolicy("device", Rights.DeviceConnect);
            var own = SasText.Forms["Node"](Path(a), MemoryCredentials.Key("same"));
            var policy = SasText.Forms["Node"](Path(a), MemoryCredentials.Key("device-1")) with { Policy = "device" };

            // An identity's own key may name it decoded once more: C# encodes ids twice.
            return (Uri.UnescapeDataString(a) == b || !IsAccepted(world, b, own))
                && !IsAccepted(world, b, policy);
        },
        iter: 500);

    private static Gen<string> Ids { get; } = Gen.Char["%2541aA-._=@"].Array[1, 8].Select(c => new string(c));

    private static Gen<string> Forms { get; } = Gen.Int[0, 3].Select(i => new[] { "Node", "Python", "C#", "C" }[i]);

    private static bool IsAccepted(MemoryCredentials world, string id, SasText token) => JudgeAsync(world, id, token.ToString()).GetAwaiter().GetResult() is Verdict.Accepted;

    private static string[] Path(string id)
    {
        var parts = id.Split('/');
        return parts.Length == 1 ? [MemoryCredentials.Host, "devices", id] : [MemoryCredentials.Host, "devices", parts[0], "modules", parts[1]];
    }

    private static Task<Verdict> JudgeAsync(MemoryCredentials world, string id, string token) => world.Devices(SasText.Now)
        .AuthenticateAsync(new DeviceLogin(MemoryCredentials.Host, MemoryCredentials.Identity(id), token, null), CancellationToken.None)
        .AsTask();
}
