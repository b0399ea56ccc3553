using System.Security.Cryptography;
using System.Text;
using Gatehouse.Identity.SharedAccess;
using Xunit;

namespace Gatehouse.Identity.Tests.SharedAccess;

/// <summary>Tokens of devices that register: verified as received, for exactly one registration, under either key.</summary>
public sealed class RegistrationTokenTests
{
    private const string Scope = "0ne00012345";
    private const string Binding = "dps/enrollments/1/g1";

    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    private readonly MemoryCredentials world = new();

    [Fact]
    public void The_key_of_a_device_is_derived_as_the_service_documents_it()
    {
        var group = world.Vault.Seal(Convert.FromBase64String("8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="), Binding);

        Assert.Equal("Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=", RegistrationToken.Derive(world.Vault, group, Binding, "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"));
        Assert.Null(RegistrationToken.Derive(world.Vault, group, "another row", "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"));
    }

    [Theory]
    [InlineData("0ne00012345%2fregistrations%2fdev-1")]
    [InlineData("0ne00012345%2Fregistrations%2Fdev-1")]
    [InlineData("0ne00012345/registrations/dev-1")]
    [InlineData("0NE00012345%2Fregistrations%2FDEV-1")]
    public void It_is_verified_over_the_text_as_received(string resource)
    {
        var (primary, secondary) = (RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32));
        var (first, second) = (world.Vault.Seal(primary, Binding), world.Vault.Seal(secondary, Binding));

        var token = Parse(resource, secondary);

        Assert.Equal("secondaryKey", token.SignedBy(world.Vault, first, second, Binding));
        Assert.Equal("primaryKey", Parse(resource, primary).SignedBy(world.Vault, first, second, Binding));
        Assert.True(token.IsFor(Scope, "dev-1"));
        Assert.False(token.IsFor(Scope, "dev-2"));
        Assert.False(token.IsFor("0ne00012346", "dev-1"));
        Assert.Null(token.SignedBy(world.Vault, first, first, Binding));
        Assert.Null(token.SignedBy(world.Vault, first, second, "another row"));
    }

    [Fact]
    public void A_group_opens_to_derived_keys_of_the_id_as_spelt_and_never_to_its_own()
    {
        var key = RandomNumberGenerator.GetBytes(64);
        var group = world.Vault.Seal(key, Binding);
        var token = Parse($"{Scope}/registrations/Dev-1", HMACSHA256.HashData(key, "Dev-1"u8));

        Assert.Equal("primaryKey", token.SignedByDerived(world.Vault, group, group, Binding, "Dev-1"));
        Assert.Null(token.SignedByDerived(world.Vault, group, group, Binding, "dev-1"));
        Assert.Null(Parse($"{Scope}/registrations/Dev-1", key).SignedByDerived(world.Vault, group, group, Binding, "Dev-1"));
    }

    [Fact]
    public void It_ends_with_the_clocks_allowance()
    {
        var token = Parse($"{Scope}/registrations/d", RandomNumberGenerator.GetBytes(32));

        Assert.Null(token.SecondsLate(Now.AddMinutes(65), new IdentityOptions()));
        Assert.Equal(301UL, token.SecondsLate(Now.AddMinutes(65).AddSeconds(1), new IdentityOptions()));
        Assert.Equal("SharedAccessSignature ***", token.ToString());
    }

    private static RegistrationToken Parse(string resource, byte[] key)
    {
        var end = Now.AddHours(1).ToUnixTimeSeconds();
        var signature = Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"{resource}\n{end}")));
        Assert.True(RegistrationToken.TryParse($"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(signature)}&se={end}&skn=registration", new IdentityOptions(), out var token, out _));
        return token;
    }
}
