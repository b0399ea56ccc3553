using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.Tests.Peers;
using Gatehouse.Identity.Tests.SharedAccess;
using Gatehouse.Identity.Tests.X509;
using Xunit;

namespace Gatehouse.Identity.Tests;

/// <summary>A device that is bound to networks: with every kind of proof, from inside, from outside, and from nowhere that is known.</summary>
public sealed class NetworkBindingTests
{
    private static readonly Issued Root = Recipe.Authority("Root").Issue();
    private static readonly Issued Pinned = (Recipe.Device(null!) with { Issuer = null, Subject = Names.Cn("anything") }).Issue();
    private static readonly NetworkRanges Plant = NetworkRanges.Parse(["192.0.2.0/24", "2001:db8::/32"], out _)!;

    [Theory]
    [InlineData("device")]
    [InlineData("module")]
    [InlineData("policy")]
    [InlineData("thumbprint")]
    [InlineData("authority")]
    public async Task Each_proof_is_taken_from_inside_alone(string proof)
    {
        foreach (var inside in new[] { "192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1" })
        {
            Assert.IsType<Verdict.Accepted>(await JudgeAsync(proof, inside));
        }

        foreach (var outside in new[] { "192.0.3.7", "::ffff:192.0.3.7", "2001:db9::1", null })
        {
            var refused = Assert.IsType<Verdict.Refused>(await JudgeAsync(proof, outside));
            Assert.Equal((RefusalReason.NetworkNotAllowed, HubErrors.IotHubUnauthorized), (refused.Reason, refused.Error));
            Assert.Contains($"{outside?.Replace("::ffff:", "", StringComparison.Ordinal) ?? "an unknown address"}, which is in none of the networks that 'dev' is bound to (192.0.2.0/24 2001:db8::/32)", refused.Detail, StringComparison.Ordinal);
        }

        Assert.IsType<Verdict.Accepted>(await JudgeAsync(proof, null, isBound: false));
    }

    [Theory]
    [InlineData("wrong key", RefusalReason.TokenSignatureWrong)]
    [InlineData("disabled", RefusalReason.IdentityDisabled)]
    public async Task Where_it_came_from_is_told_only_of_a_good_proof(string proof, RefusalReason reason)
    {
        var refused = Assert.IsType<Verdict.Refused>(await JudgeAsync(proof, "192.0.3.7"));

        Assert.Equal(reason, refused.Reason);
        Assert.Equal(reason == RefusalReason.IdentityDisabled, refused.Detail.Contains("would have been refused too: The proof is good, and it came from 192.0.3.7", StringComparison.Ordinal));
    }

    [Fact]
    public async Task On_a_connection_for_many_each_identity_is_judged_by_where_the_connection_comes_from()
    {
        using var world = new PeerWorld();
        world.Credentials.AddDevice("dev1", change: device => device with { Networks = Plant });
        world.Credentials.AddDevice("dev1/mod1", change: module => module with { Networks = Plant });
        using var inside = world.Open(address: IPAddress.Parse("192.0.2.9"));
        using var outside = world.Open(address: IPAddress.Parse("198.51.100.9"));

        await world.PutAsync(inside, "dev1");
        await world.PutPolicyAsync(inside, "device");
        Assert.Null(await PeerWorld.ActAsync(inside, "dev1/mod1"));
        Assert.Empty(world.Refusals);

        Assert.Equal(HubErrors.IotHubUnauthorized, (await outside.PutTokenAsync(PeerWorld.Path("dev1"), world.DeviceToken("dev1"), TestContext.Current.CancellationToken)).Error);
        await world.PutAsync(outside, "dev2");
        await world.PutPolicyAsync(outside, "device");
        Assert.NotNull(await PeerWorld.ActAsync(outside, "dev1"));
        Assert.NotNull(await PeerWorld.ActAsync(outside, "dev1/mod1"));
        Assert.Null(await PeerWorld.ActAsync(outside, "dev10"));
        Assert.Equal([RefusalReason.NetworkNotAllowed], world.Refusals.Select(each => each.Reason).Distinct());
        Assert.Equal(["dev1", "dev1", "dev1/mod1"], world.Refusals.Select(each => each.Claimed).Order(StringComparer.Ordinal));
        Assert.All(world.Refusals, each => Assert.Equal("198.51.100.9", each.RemoteAddress));
    }

    [Fact]
    public async Task When_a_device_is_bound_its_links_from_elsewhere_end_and_the_others_go_on()
    {
        using var world = new PeerWorld();
        using var inside = world.Open(address: IPAddress.Parse("192.0.2.9"));
        using var outside = world.Open(address: IPAddress.Parse("198.51.100.9"));
        await world.PutPolicyAsync(inside, "device");
        await world.PutPolicyAsync(outside, "device");
        using var stays = new Ends(await world.PutAsync(inside, "dev1"));
        using var own = new Ends(await world.PutAsync(outside, "dev1"));
        using var actingInside = new Ends((await inside.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev1/mod1"), TestContext.Current.CancellationToken)).Value);
        using var acting = new Ends((await outside.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev1/mod1"), TestContext.Current.CancellationToken)).Value);
        using var other = new Ends((await outside.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev2"), TestContext.Current.CancellationToken)).Value);

        world.Credentials.AddDevice("dev1", change: device => device with { Networks = Plant });
        world.Credentials.AddDevice("dev1/mod1", change: module => module with { Networks = Plant });
        world.Signal(Contracts.Signals.SignalSubjects.IdentityChanged, "dev1");

        Assert.Equal((0, 1, 0, 1, 0), (stays.Count, own.Count, actingInside.Count, acting.Count, other.Count));
        Assert.Equal([RefusalReason.NetworkNotAllowed], world.Refusals.Select(each => each.Reason).Distinct());
    }

    [Fact]
    public async Task What_is_judged_again_counts_neither_for_nor_against_its_address()
    {
        using var world = new PeerWorld(new IdentityOptions { Backoff = new BackoffOptions { RefusalsPerIdentity = 2, RefusalsPerAddress = 3 } }, hasBackoff: true);
        var address = IPAddress.Parse("198.51.100.9");
        using var proofs = world.Open(address: address);
        using var ends = new Ends(await world.PutAsync(proofs, "dev1"));
        for (var i = 0; i < 3; i++)
        {
            world.Parts.Backoff!.Refused(address, MemoryCredentials.Identity("dev2"));
        }

        // Put off or not, what is open is judged by its proof.
        world.Signal(Contracts.Signals.SignalSubjects.IdentityChanged, "dev1");

        Assert.Equal(0, ends.Count);
        Assert.Empty(world.Refusals);
    }

    private static async Task<Verdict> JudgeAsync(string proof, string? address, bool isBound = true)
    {
        var world = new MemoryCredentials { Anchors = new TrustAnchors([X509CertificateLoader.LoadCertificate(Root.Raw)]) };
        var kind = proof switch { "thumbprint" => CredentialKind.SelfSigned, "authority" => CredentialKind.CertificateAuthority, _ => CredentialKind.Sas };
        var id = proof == "module" ? "dev/mod1" : "dev";
        world.AddDevice(id, kind, device => device with
        {
            Networks = isBound ? Plant : null,
            IsEnabled = proof != "disabled",
            PrimaryThumbprint = kind == CredentialKind.SelfSigned ? Convert.ToHexString(SHA256.HashData(Pinned.Raw)) : null,
        });
        world.AddPolicy("iothubowner", Rights.Owner);
        var token = proof switch
        {
            "device" or "disabled" => SasText.For("/devices/dev", "dev-1"),
            "wrong key" => SasText.For("/devices/dev", "dev2-1"),
            "module" => SasText.For("/devices/dev/modules/mod1", "dev/mod1-2"),
            "policy" => SasText.For("/devices/dev", "iothubowner-2") with { Policy = "iothubowner" },
            _ => null,
        };
        var certificate = proof switch { "thumbprint" => Pinned, "authority" => Recipe.Device(Root, "dev").Issue(), _ => null };
        using var shown = certificate is null ? null : new PeerCertificate(X509CertificateLoader.LoadCertificate(certificate.Raw), []);
        var login = new DeviceLogin(MemoryCredentials.Host, MemoryCredentials.Identity(id), token?.ToString(), shown) { RemoteAddress = address is null ? null : IPAddress.Parse(address) };
        return await world.Devices(SasText.Now).AuthenticateAsync(login, CancellationToken.None);
    }
}
