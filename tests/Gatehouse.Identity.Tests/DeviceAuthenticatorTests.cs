using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.Tests.SharedAccess;
using Gatehouse.Identity.Tests.X509;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Gatehouse.Contracts.Audit.RefusalReason;

namespace Gatehouse.Identity.Tests;

public sealed class DeviceAuthenticatorTests
{
    private static readonly IPAddress Address = IPAddress.Parse("192.0.2.1");

    private static readonly Issued Pinned = (Recipe.Device(null!) with { Issuer = null, Subject = Names.Cn("anything") }).Issue();

    private static string Sha1 => Convert.ToHexString(SHA1.HashData(Pinned.Raw));

    private static string Sha256 => Convert.ToHexString(SHA256.HashData(Pinned.Raw));

    [Theory]
    [InlineData("SHA-1, primary")]
    [InlineData("SHA-1, secondary")]
    [InlineData("SHA-256, primary")]
    [InlineData("SHA-256, secondary")]
    [InlineData("SHA-256 in lower case")]
    public async Task A_certificate_is_known_by_its_thumbprint_whatever_it_says(string which)
    {
        var world = new MemoryCredentials();
        var registered = which.StartsWith("SHA-1", StringComparison.Ordinal) ? Sha1 : Sha256;
        registered = which.Contains("lower", StringComparison.Ordinal) ? Convert.ToHexStringLower(Convert.FromHexString(registered)) : registered;
        world.AddDevice("dev1", CredentialKind.SelfSigned, d => which.Contains("secondary", StringComparison.Ordinal)
            ? d with { PrimaryThumbprint = new string('0', 40), SecondaryThumbprint = registered }
            : d with { PrimaryThumbprint = registered });

        var verdict = await JudgeAsync(world, "dev1", certificate: Pinned);

        var principal = Assert.IsType<Verdict.Accepted>(verdict).Principal;
        Assert.Equal((AuthenticationMethod.X509Thumbprint, Sha256, null), (principal.Method, principal.Credential, principal.ExpiresAt));
    }

    [Theory]
    [InlineData("another certificate")]
    [InlineData("one digit less")]
    [InlineData("SHA-256 cut to the length of SHA-1")]
    [InlineData("nothing registered")]
    [InlineData("blanks between")]
    public async Task Another_thumbprint_is_refused_and_both_are_told_to_the_operator(string which)
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1", CredentialKind.SelfSigned, d => d with
        {
            PrimaryThumbprint = which switch
            {
                "another certificate" => new string('A', 64),
                "one digit less" => Sha256[1..],
                "SHA-256 cut to the length of SHA-1" => Sha256[..40],
                "blanks between" => Sha1[..20] + " " + Sha1[20..],
                _ => null,
            },
        });

        var refused = Assert.IsType<Verdict.Refused>(await JudgeAsync(world, "dev1", certificate: Pinned));

        Assert.Equal(ThumbprintMismatch, refused.Reason);
        Assert.Contains(Sha1, refused.Detail, StringComparison.Ordinal);
        Assert.Contains(Sha256, refused.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(11, CertificateExpired)]
    [InlineData(-11, CertificateNotYetValid)]
    public async Task A_pinned_certificate_must_be_within_its_dates_unless_the_operator_says_otherwise(int days, RefusalReason reason)
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1", CredentialKind.SelfSigned, d => d with { PrimaryThumbprint = Sha256 });
        var login = Login("dev1", certificate: Pinned);

        var strict = await world.Devices(Recipe.Now.AddDays(days)).AuthenticateAsync(login, CancellationToken.None);
        var lenient = await world.Devices(Recipe.Now.AddDays(days), new IdentityOptions { AllowExpiredThumbprintCertificates = true }).AuthenticateAsync(login, CancellationToken.None);

        Assert.Equal(reason, Assert.IsType<Verdict.Refused>(strict).Reason);
        Assert.IsType<Verdict.Accepted>(lenient);
    }

    [Fact]
    public async Task A_module_is_named_device_slash_module_by_its_certificate()
    {
        var root = Recipe.Authority("Root").Issue();
        var world = new MemoryCredentials { Anchors = new TrustAnchors([X509CertificateLoader.LoadCertificate(root.Raw)]) };
        world.AddDevice("dev1", CredentialKind.CertificateAuthority);
        world.AddDevice("dev1/mod1", CredentialKind.CertificateAuthority);

        var module = await JudgeAsync(world, "dev1/mod1", certificate: Recipe.Device(root, "dev1/mod1").Issue());
        var withDevices = await JudgeAsync(world, "dev1/mod1", certificate: Recipe.Device(root, "dev1").Issue());

        Assert.Equal(AuthenticationMethod.X509Authority, Assert.IsType<Verdict.Accepted>(module).Principal.Method);
        Assert.Equal(CertificateNameMismatch, Assert.IsType<Verdict.Refused>(withDevices).Reason);
    }

    [Theory]
    [InlineData(CredentialKind.Sas, false, true, CredentialMissing, "a client certificate was, but the identity is registered for SAS")]
    [InlineData(CredentialKind.Sas, false, false, CredentialMissing, "No SAS token was presented.")]
    [InlineData(CredentialKind.SelfSigned, false, false, CredentialMissing, "No client certificate was presented")]
    [InlineData(CredentialKind.CertificateAuthority, false, false, CredentialMissing, "No client certificate was presented")]
    [InlineData(CredentialKind.SelfSigned, true, true, CredentialKindMismatch, "A SAS token was presented")]
    [InlineData(CredentialKind.None, false, true, CredentialKindMismatch, "registered without credentials")]
    public async Task The_registered_kind_decides(CredentialKind kind, bool token, bool certificate, RefusalReason reason, string words)
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1", kind, d => d with { PrimaryThumbprint = Sha256 });

        var refused = Assert.IsType<Verdict.Refused>(await JudgeAsync(world, "dev1", token ? SasText.For("/devices/dev1", "dev1-1").ToString() : null, certificate ? Pinned : null));

        Assert.Equal((reason, HubErrors.IotHubUnauthorized), (refused.Reason, refused.Error));
        Assert.Contains(words, refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_certificate_of_a_SAS_identity_is_ignored()
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1");

        Assert.IsType<Verdict.Accepted>(await JudgeAsync(world, "dev1", SasText.For("/devices/dev1", "dev1-1").ToString(), Pinned));
    }

    [Fact]
    public async Task An_unknown_host_is_refused_before_anything_is_looked_up()
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1");

        var verdict = await world.Devices(SasText.Now).AuthenticateAsync(Login("dev1") with { HostName = "evil\r\n.example" }, CancellationToken.None);

        var refused = Assert.IsType<Verdict.Refused>(verdict);
        Assert.Equal((UnknownHub, HubErrors.IotHubNotFound, 0), (refused.Reason, refused.Error, world.Lookups));
        Assert.Contains("'evil??.example'", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_is_put_off_is_not_looked_up_and_does_not_prolong_it()
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1");
        var time = new FakeTimeProvider(SasText.Now);
        var parts = new IdentityParts(world, world.Vault, time) { Backoff = new RefusalBackoff(new BackoffOptions { RefusalsPerIdentity = 3 }, time) };
        var devices = new DeviceAuthenticator(parts);
        var bad = Login("dev1", SasText.For("/devices/dev1", "dev10-1").ToString()) with { RemoteAddress = Address };
        var good = Login("dev1", SasText.For("/devices/dev1", "dev1-1").ToString()) with { RemoteAddress = Address };

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(TokenSignatureWrong, Assert.IsType<Verdict.Refused>(await devices.AuthenticateAsync(bad, CancellationToken.None)).Reason);
        }

        var lookups = world.Lookups;
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(BackedOff, Assert.IsType<Verdict.Refused>(await devices.AuthenticateAsync(good, CancellationToken.None)).Reason);
        }

        Assert.Equal(lookups, world.Lookups);
        Assert.IsType<Verdict.Accepted>(await devices.AuthenticateAsync(good with { RemoteAddress = IPAddress.Loopback }, CancellationToken.None));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.IsType<Verdict.Accepted>(await devices.AuthenticateAsync(good, CancellationToken.None));
    }

    [Fact]
    public async Task Good_proofs_keep_a_device_from_being_put_off_for_its_rare_bad_ones()
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1");
        var time = new FakeTimeProvider(SasText.Now);
        var devices = new DeviceAuthenticator(new IdentityParts(world, world.Vault, time) { Backoff = new RefusalBackoff(new BackoffOptions { RefusalsPerIdentity = 3 }, time) });

        for (var i = 0; i < 20; i++)
        {
            var token = SasText.For("/devices/dev1", i % 3 == 2 ? "dev1-1" : "wrong").ToString();
            var verdict = await devices.AuthenticateAsync(Login("dev1", token) with { RemoteAddress = Address }, CancellationToken.None);
            Assert.Equal(i % 3 == 2 ? null : TokenSignatureWrong, (verdict as Verdict.Refused)?.Reason);
        }
    }

    [Fact]
    public async Task The_peer_cannot_tell_why_it_was_refused()
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1");
        world.AddDevice("off", change: d => d with { IsEnabled = false });
        world.AddDevice("x509", CredentialKind.CertificateAuthority);

        foreach (var id in new[] { "dev1", "off", "x509", "ghost" })
        {
            foreach (var token in new[] { null, "", "junk", SasText.For($"/devices/{id}", "wrong").ToString(), SasText.For("/devices/other", $"{id}-1").ToString() })
            {
                foreach (var certificate in new[] { null, Pinned })
                {
                    Assert.Equal(HubErrors.IotHubUnauthorized, Assert.IsType<Verdict.Refused>(await JudgeAsync(world, id, token, certificate)).Error);
                }
            }
        }
    }

    private static DeviceLogin Login(string id, string? token = null, Issued? certificate = null) => new(
        MemoryCredentials.Host, MemoryCredentials.Identity(id), token, certificate is null ? null : new PeerCertificate(X509CertificateLoader.LoadCertificate(certificate.Raw), []));

    private static async Task<Verdict> JudgeAsync(MemoryCredentials world, string id, string? token = null, Issued? certificate = null) =>
        await world.Devices(SasText.Now).AuthenticateAsync(Login(id, token, certificate), CancellationToken.None);
}
