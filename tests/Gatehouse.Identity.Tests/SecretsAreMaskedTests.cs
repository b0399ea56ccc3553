using System.Reflection;
using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Signals;
using Gatehouse.Identity.SharedAccess;
using Gatehouse.Identity.Tests.SharedAccess;
using Gatehouse.Keys;
using Xunit;

namespace Gatehouse.Identity.Tests;

/// <summary>What is printed by accident must not tell: every type that holds a secret prints a mask.</summary>
public sealed class SecretsAreMaskedTests
{
    private static readonly string[] Telling = ["Key", "Secret", "Token", "Password", "Sig"];

    [Fact]
    public async Task Nothing_that_holds_a_secret_prints_it()
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1");
        world.AddPolicy("service", Rights.ServiceConnect);
        var hub = world.FindHub(MemoryCredentials.Host)!;
        var identity = await world.FindIdentityAsync(hub.Name, MemoryCredentials.Identity("dev1"), CancellationToken.None);
        var policy = await world.FindPolicyAsync(hub.Name, "service", CancellationToken.None);
        var text = SasText.For("/devices/dev1", "dev1-1");
        Assert.True(SharedAccessToken.TryParse(text.ToString(), 4096, out var token, out _));
        var login = new DeviceLogin(MemoryCredentials.Host, MemoryCredentials.Identity("dev1"), text.ToString(), null);
        var refused = await world.Devices(SasText.Now).AuthenticateAsync(login with { Token = SasText.For("/devices/dev2", "dev1-1").ToString() }, CancellationToken.None);
        object[] holders = [identity!, policy!, identity!.PrimaryKey!, token, login, world.Vault, refused, await world.Devices(SasText.Now).AuthenticateAsync(login, CancellationToken.None)];

        foreach (var holder in holders)
        {
            var printed = holder.ToString()!;
            foreach (var secret in new[] { MemoryCredentials.Key("dev1-1"), MemoryCredentials.Key("service-1"), identity.PrimaryKey!.Blob.ToArray(), policy!.PrimaryKey.Blob.ToArray() })
            {
                Assert.DoesNotContain(Encoding.Latin1.GetString(secret), printed, StringComparison.Ordinal);
                Assert.DoesNotContain(Convert.ToBase64String(secret), printed, StringComparison.Ordinal);
                Assert.DoesNotContain(Convert.ToHexString(secret), printed, StringComparison.OrdinalIgnoreCase);
            }

            Assert.DoesNotContain(text.Signature[..20], printed, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_record_with_a_member_that_sounds_like_a_secret_prints_itself_or_holds_it_sealed()
    {
        var assemblies = new[] { typeof(SealedSecret).Assembly, typeof(DeviceLogin).Assembly, typeof(SecretVault).Assembly };
        var open = assemblies.SelectMany(a => a.GetTypes())
            .Where(t => t.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public) is not null || t.GetMethod("<Clone>$") is not null)
            .Where(PrintsItsMembers)
            .SelectMany(t => t.GetProperties().Where(IsOpenSecret).Select(p => $"{t.Name}.{p.Name}"));

        Assert.Empty(open);
    }

    [Fact]
    public void The_search_for_open_secrets_finds_one() => Assert.True(PrintsItsMembers(typeof(Careless)) && typeof(Careless).GetProperties().Any(IsOpenSecret));

    // A compiler-made ToString carries the attribute, one that was written does not.
    private static bool PrintsItsMembers(Type type) =>
        type.GetMethod("ToString", Type.EmptyTypes)?.GetCustomAttribute<System.Runtime.CompilerServices.CompilerGeneratedAttribute>() is not null;

    // A binding says where a key is stored, a type what kind of key it is, an id which one, and a signal's key whom it is about.
    private static bool IsOpenSecret(PropertyInfo property) =>
        property.PropertyType is var type && (type == typeof(string) || type == typeof(byte[]) || type == typeof(ReadOnlyMemory<byte>))
        && Array.Exists(Telling, w => property.Name.Contains(w, StringComparison.Ordinal))
        && property.DeclaringType != typeof(Signal)
        && !property.Name.EndsWith("Binding", StringComparison.Ordinal)
        && !property.Name.EndsWith("KeyType", StringComparison.Ordinal)
        && !property.Name.EndsWith("KeyId", StringComparison.Ordinal);

    private sealed record Careless(string SharedKey);
}
