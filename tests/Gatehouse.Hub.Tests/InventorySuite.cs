using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Revoking;
using Gatehouse.Hub.Tests.Certificates;
using Gatehouse.Identity.Tests.X509;
using Gatehouse.Store.Certificates;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteInventoryTests() : InventorySuite(null);

public sealed class PostgresInventoryTests(PostgresServer server) : InventorySuite(server);

/// <summary>What a hub puts into the inventory of certificates: what devices came with, its CAs, and the lists of outside CAs.</summary>
public abstract class InventorySuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_device_s_certificate_is_there_with_its_path_and_former_once_the_device_is_deleted_or_has_keys()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var authority = new TestAuthority("CN=Plant 7");
        using var leaf = X509CertificateLoader.LoadCertificate(authority.Issue("CN=d1"));
        await hub.PutAsync("d1");
        await hub.PutAsync("d1/m");
        await hub.PutAsync("d3", change: static input => input with { Authentication = new AuthenticationInput { Type = "certificateAuthority" } });
        var trace = new CertificateTrace(1, 2, 3, [4, Mark(authority).Short, 5, 6, 7]) { Path = new IssuerPath(CredentialName.OfAuthority(Mark(authority).ToString()), "") };
        Shown(hub, "d1", AuthenticationMethod.X509Authority, leaf, authority.Certificate, trace);
        Shown(hub, "d1/m", AuthenticationMethod.X509Thumbprint, leaf, authority.Certificate, trace with { Path = null });
        Shown(hub, "d3", AuthenticationMethod.X509Authority, leaf, authority.Certificate, trace);
        Shown(hub, "d2", AuthenticationMethod.IdentityKey, leaf, authority.Certificate, trace);

        var all = await ListAsync(hub);
        Assert.Equal(["device d1", "device d1/m", "device d3", "intermediate"], all.Select(each => $"{each.Kind} {each.UsedBy}".TrimEnd()).Order(StringComparer.Ordinal));
        Assert.Equal((Mark(authority).ToString(), "CN=Plant 7", "current"), (Of(all, "d1").AuthoritySha256, Of(all, "d1").Issuer, Of(all, "d1").Status));
        Assert.Null(Of(all, "d1/m").AuthoritySha256);

        await hub.DeleteAsync("d1/m", IfMatch.Any);
        Assert.Equal(("current", "former"), (Of(await ListAsync(hub), "d1").Status, Of(await ListAsync(hub), "d1/m").Status));
        await hub.DeleteAsync("d1", IfMatch.Any);
        Assert.Equal(("former", "current"), (Of(await ListAsync(hub), "d1").Status, Of(await ListAsync(hub), "d3").Status));

        // It has keys from here on.
        await hub.PutAsync("d3", IfMatch.Any, static input => input with { Status = "disabled", Authentication = new AuthenticationInput { Type = "certificateAuthority" } });
        Assert.Equal("current", Of(await ListAsync(hub), "d3").Status);
        await hub.PutAsync("d3", IfMatch.Any, static input => input with { Authentication = new AuthenticationInput { Type = "sas" } });
        Assert.Equal("former", Of(await ListAsync(hub), "d3").Status);
    }

    [Fact]
    public async Task CAs_and_lists_of_outside_CAs_stand_in_the_inventory_for_as_long_as_the_hub_has_them()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var authority = new TestAuthority("CN=Plant 7");
        await hub.Get<CaCertificates>().PutAsync(hub.Hub, "plant-7", new CertificateUpload(authority.Pem, true), IfMatch.Absent, HubHost.Actor, Token);
        var recipe = CrlRecipe.Of(authority.Certificate.SubjectName.RawData, (ECDsa)authority.Key) with { Number = 41 };
        Assert.True((await hub.Get<IssuerLists>().ImportAsync(hub.Hub, recipe.Build(), new IssuerListImport(null, false), HubHost.Actor, Token)).IsOk);

        var all = await ListAsync(hub);

        Assert.Equal(["ca plant-7", "crl plant-7", "crl-signer plant-7"], all.Select(each => $"{each.Kind} {each.UsedBy}").Order(StringComparer.Ordinal));
        var list = all.Single(each => each.Kind == "crl");
        Assert.Equal(("41", recipe.NextUpdate!.Value.UtcDateTime, "CN=Plant 7", null), (list.SerialNumber, list.NotAfter, list.Issuer, list.KeyType));
        var known = all.Single(each => each.Kind == "ca");
        Assert.Equal((Mark(authority).ToString(), authority.Certificate.SerialNumber, "ec-p256"), (known.Sha256Thumbprint, known.SerialNumber, known.KeyType));

        await hub.Get<CaCertificates>().DeleteAsync(hub.Hub, "plant-7", IfMatch.Any, HubHost.Actor, Token);
        Assert.DoesNotContain(await ListAsync(hub), each => each.Kind == "ca");
    }

    private static CertificateMark Mark(TestAuthority authority) => CertificateMark.Of(authority.Der);

    private static CertificateView Of(IReadOnlyList<CertificateView> all, string usedBy) => Assert.Single(all, each => each.UsedBy == usedBy);

    private static void Shown(HubHost hub, string key, AuthenticationMethod method, X509Certificate2 leaf, X509Certificate2 above, CertificateTrace trace) => hub.Get<ICredentialUses>().Shown(
        new Principal { Hub = hub.Hub, Identity = HubHost.Key(key), Rights = Rights.DeviceConnect, Method = method, Credential = leaf.GetCertHashString(HashAlgorithmName.SHA256), Certificates = trace },
        new PeerCertificate(leaf, [above]));

    private static async Task<IReadOnlyList<CertificateView>> ListAsync(HubHost hub) => (await hub.Get<CertificateInventory>().ListAsync(hub.Hub, new(), InventoryPlace.Start, 100, Token)).Value;
}
