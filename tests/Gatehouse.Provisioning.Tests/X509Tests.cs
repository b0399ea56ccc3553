using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Revoking;
using Gatehouse.Hub.StrictModes;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Devices attest with certificates: their own, or a chain to what a group names; the entry nearest to the leaf decides.</summary>
public sealed class X509Tests
{
    [Fact]
    public async Task A_device_with_its_own_certificate_registers_with_either_and_its_hub_knows_both()
    {
        await using var host = await ProvisioningHost.StartAsync();
        using var first = TestCertificate.SelfSigned("dev-1");
        using var second = TestCertificate.SelfSigned("DEV-1");
        using var other = TestCertificate.SelfSigned("dev-1");
        await host.EnrollAsync("dev-1", $$$$$"""
            "attestation":{"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":"{{{{{first.Base64}}}}}"},"secondary":{"certificate":"{{{{{second.Base64}}}}}"}}}}
            """);

        var outcome = await host.RegisterAsync("dev-1", first.Shown());
        Assert.Equal("assigned", outcome.Value.Operation!.Status);
        Assert.Equal(first.Thumbprint, outcome.Value.Operation.RegistrationState!.X509!.CertificateInfo.Sha256Thumbprint);
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", second.Shown())).Value.Operation!.Status);
        var device = (await host.DeviceAsync("dev-1"))!;
        Assert.Equal(("selfSigned", first.Thumbprint, second.Thumbprint), (device.AuthenticationType, device.PrimaryThumbprint, device.SecondaryThumbprint));
        Assert.Equal("secondary", (await host.AskAsync("GET", "/registrations/dev-1")).Text("provedBy.credential"));
        await RefusedAsync(host, "dev-1", other, RefusalReason.ThumbprintMismatch);
    }

    [Fact]
    public async Task A_device_with_a_certificate_is_put_into_a_hub_that_takes_no_keys_of_others()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await ProvisioningHost.DeriveKeysAsync(host.Get<StrictModeRules>(), host.Hub.Name);
        using var certificate = TestCertificate.SelfSigned("dev-1");
        await host.EnrollAsync("dev-1", $$$$$"""
            "attestation":{"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":"{{{{{certificate.Base64}}}}}"}}}}
            """);

        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", certificate.Shown())).Value.Operation!.Status);
        Assert.Equal(certificate.Thumbprint, (await host.DeviceAsync("dev-1"))!.PrimaryThumbprint);
    }

    [Fact]
    public async Task An_expired_certificate_and_one_of_another_name_are_refused()
    {
        await using var host = await ProvisioningHost.StartAsync();
        using var expired = TestCertificate.SelfSigned("dev-1", ProvisioningHost.Now.AddDays(-1));
        using var named = TestCertificate.SelfSigned("dev-3");
        await host.EnrollAsync("dev-1", EnrollmentSuite.Clients(expired.Base64));
        await host.EnrollAsync("dev-2", EnrollmentSuite.Clients(named.Base64));

        await RefusedAsync(host, "dev-1", expired, RefusalReason.CertificateExpired);
        await RefusedAsync(host, "dev-2", named, RefusalReason.CertificateNameMismatch);
    }

    [Fact]
    public async Task A_chain_through_two_intermediates_leads_to_the_group_of_its_root_and_the_hub_knows_the_leaf()
    {
        await using var host = await ProvisioningHost.StartAsync();
        using var root = TestCertificate.Root();
        using var upper = root.Authority("upper");
        using var lower = upper.Authority("lower");
        using var leaf = lower.Leaf("dev-1");
        await host.EnrollAsync("g1", EnrollmentSuite.Signers(root.Base64), isGroup: true);

        var outcome = (await host.RegisterAsync("dev-1", leaf.Shown())).Value.Operation!;

        Assert.Equal(("assigned", "g1", root.Thumbprint), (outcome.Status, outcome.RegistrationState!.X509!.EnrollmentGroupId, outcome.RegistrationState.X509.SigningCertificateInfo!.Sha256Thumbprint));
        Assert.Equal(leaf.Thumbprint, (await host.DeviceAsync("dev-1"))!.PrimaryThumbprint);
        await RefusedAsync(host, "dev-2", leaf, RefusalReason.CertificateNameMismatch);
    }

    [Fact]
    public async Task The_nearest_issuer_decides_and_blocks_when_it_is_disabled()
    {
        await using var host = await ProvisioningHost.StartAsync();
        using var root = TestCertificate.Root();
        using var upper = root.Authority("upper");
        using var lower = upper.Authority("lower");
        using var inside = lower.Leaf("dev-1");
        using var outside = root.Authority("elsewhere");
        using var free = outside.Leaf("dev-2");
        await host.EnrollAsync("all", EnrollmentSuite.Signers(root.Base64), isGroup: true);
        await host.EnrollAsync("near", EnrollmentSuite.Signers(upper.Base64), isGroup: true);
        Assert.Equal("near", (await host.RegisterAsync("dev-1", inside.Shown())).Value.Operation!.RegistrationState!.X509!.EnrollmentGroupId);

        await host.EnrollAsync("blocked", $"\"provisioningStatus\":\"disabled\",{EnrollmentSuite.Signers(lower.Base64)}", isGroup: true);

        await RefusedAsync(host, "dev-1", inside, RefusalReason.IdentityDisabled);
        Assert.Equal("all", (await host.RegisterAsync("dev-2", free.Shown())).Value.Operation!.RegistrationState!.X509!.EnrollmentGroupId);
        await host.AskAsync("DELETE", "/enrollmentGroups/blocked");
        Assert.Equal("near", (await host.RegisterAsync("dev-1", inside.Shown())).Value.Operation!.RegistrationState!.X509!.EnrollmentGroupId);
    }

    [Fact]
    public async Task What_a_connection_has_proved_counts_no_longer_once_its_group_is_disabled_or_gone_or_its_authority_is_another()
    {
        await using var host = await ProvisioningHost.StartAsync();
        using var root = TestCertificate.Root();
        using var other = TestCertificate.Root("other");
        using var leaf = root.Leaf("dev-1");
        var connection = leaf.Shown();
        await host.EnrollAsync("g1", EnrollmentSuite.Signers(root.Base64), isGroup: true);
        Assert.True((await host.RegisterAsync("dev-1", connection)).IsOk);

        await ChangeAsync($"\"provisioningStatus\":\"disabled\",{EnrollmentSuite.Signers(root.Base64)}");
        await RefusedAsync(host, "dev-1", connection, RefusalReason.IdentityDisabled);
        await ChangeAsync(EnrollmentSuite.Signers(root.Base64));
        Assert.True((await host.RegisterAsync("dev-1", connection)).IsOk);
        await ChangeAsync(EnrollmentSuite.Signers(other.Base64));
        await RefusedAsync(host, "dev-1", connection, RefusalReason.CertificateNotTrusted);
        await ChangeAsync(EnrollmentSuite.Signers(root.Base64));
        Assert.True((await host.RegisterAsync("dev-1", connection)).IsOk);
        Assert.Equal(204, (await host.AskAsync("DELETE", "/enrollmentGroups/g1")).Code);
        await RefusedAsync(host, "dev-1", connection, RefusalReason.CertificateNotTrusted);

        async Task ChangeAsync(string document) => Assert.Equal(200, (await host.AskAsync("PUT", "/enrollmentGroups/g1", $"{{{document}}}", "*")).Code);
    }

    [Fact]
    public async Task What_a_connection_has_proved_counts_no_longer_once_a_certificate_of_its_chain_has_ended()
    {
        await using var host = await ProvisioningHost.StartAsync();
        using var root = TestCertificate.Root();
        using var lower = root.Authority("lower", ProvisioningHost.Now.AddSeconds(2));
        using var leaf = lower.Leaf("dev-1");
        var connection = leaf.Shown();
        await host.EnrollAsync("g1", EnrollmentSuite.Signers(root.Base64), isGroup: true);
        Assert.True((await host.RegisterAsync("dev-1", connection)).IsOk);

        host.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.True((await host.RegisterAsync("dev-1", connection)).IsOk);
        host.Time.Advance(TimeSpan.FromSeconds(1));

        await RefusedAsync(host, "dev-1", connection, RefusalReason.CertificateExpired);
    }

    [Fact]
    public async Task A_groups_authority_rolls_over_through_its_secondary_certificate()
    {
        await using var host = await ProvisioningHost.StartAsync();
        using var old = TestCertificate.Root("old");
        using var fresh = TestCertificate.Root("fresh");
        using var before = old.Leaf("dev-1");
        using var after = fresh.Leaf("dev-1");
        await host.EnrollAsync("g1", EnrollmentSuite.Signers(old.Base64), isGroup: true);
        await RefusedAsync(host, "dev-1", after, RefusalReason.CertificateNotTrusted);

        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollmentGroups/g1", $$$$$$"""{"attestation":{"type":"x509","x509":{"signingCertificates":{"primary":{"certificate":"{{{{{{old.Base64}}}}}}"},"secondary":{"certificate":"{{{{{{fresh.Base64}}}}}}"}}}}}""", "*")).Code);
        Assert.True((await host.RegisterAsync("dev-1", before.Shown())).IsOk);
        Assert.Equal(("primary", old.Thumbprint), ProvedBy(await host.AskAsync("GET", "/registrations/dev-1")));
        Assert.True((await host.RegisterAsync("dev-1", after.Shown())).IsOk);
        Assert.Equal(("secondary", fresh.Thumbprint), ProvedBy(await host.AskAsync("GET", "/registrations/dev-1")));
        Assert.Equal(after.Thumbprint, (await host.DeviceAsync("dev-1"))!.PrimaryThumbprint);
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollmentGroups/g1", $$"""{{{EnrollmentSuite.Signers(fresh.Base64)}}}""", "*")).Code);
        await RefusedAsync(host, "dev-1", before, RefusalReason.CertificateNotTrusted);
    }

    [Fact]
    public async Task An_individual_enrollment_of_another_kind_keeps_a_certificate_of_a_group_out()
    {
        await using var host = await ProvisioningHost.StartAsync();
        using var root = TestCertificate.Root();
        using var leaf = root.Leaf("dev-1");
        await host.EnrollAsync("g1", EnrollmentSuite.Signers(root.Base64), isGroup: true);
        await host.EnrollAsync("dev-1", """ "attestation":{"type":"symmetricKey"} """);

        await RefusedAsync(host, "dev-1", leaf, RefusalReason.CredentialKindMismatch);
    }

    [Fact]
    public async Task What_a_linked_hub_has_revoked_registers_nobody_and_is_told_from_no_other_certificate()
    {
        await using var host = await ProvisioningHost.StartAsync();
        using var root = TestCertificate.Root();
        using var lower = root.Authority("lower");
        using var lost = lower.Leaf("dev-1");
        using var kept = root.Leaf("dev-2");
        using var own = TestCertificate.SelfSigned("dev-3");
        await host.EnrollAsync("g1", EnrollmentSuite.Signers(root.Base64), isGroup: true);
        await host.EnrollAsync("dev-3", EnrollmentSuite.Clients(own.Base64));
        Assert.True((await host.RegisterAsync("dev-1", lost.Shown())).IsOk);
        Assert.True((await host.RegisterAsync("dev-3", own.Shown())).IsOk);

        await RevokeAsync(host, new() { Kind = "certificate", Certificate = lost.Base64 });
        await RevokeAsync(host, new() { Kind = "key", Certificate = own.Base64 });

        await RefusedAsync(host, "dev-1", lost, RefusalReason.CertificateRevoked);
        await RefusedAsync(host, "dev-3", own, RefusalReason.CertificateRevoked);
        Assert.True((await host.RegisterAsync("dev-2", kept.Shown())).IsOk);
        using var another = lower.Leaf("dev-1");
        Assert.True((await host.RegisterAsync("dev-1", another.Shown())).IsOk);

        // All below it, and what is pinned but was signed by it.
        await RevokeAsync(host, new() { Kind = "issuer", Certificate = root.Base64 });
        await RefusedAsync(host, "dev-1", another, RefusalReason.CertificateRevoked);
        await RefusedAsync(host, "dev-2", kept, RefusalReason.CertificateRevoked);
        using var pinned = lower.Leaf("dev-4");
        await host.EnrollAsync("dev-4", EnrollmentSuite.Clients(pinned.Base64));
        await RefusedAsync(host, "dev-4", pinned, RefusalReason.CertificateRevoked);
    }

    [Fact]
    public async Task What_the_list_of_an_outside_CA_names_does_not_register_at_a_linked_service()
    {
        await using var host = await ProvisioningHost.StartAsync();
        using var root = TestCertificate.Root();
        using var lost = root.Leaf("dev-1");
        using var kept = root.Leaf("dev-2");
        using var own = root.Leaf("dev-3");
        await host.EnrollAsync("g1", EnrollmentSuite.Signers(root.Base64), isGroup: true);
        await host.EnrollAsync("dev-3", EnrollmentSuite.Clients(own.Base64));
        Assert.True((await host.RegisterAsync("dev-1", lost.Shown())).IsOk);
        Assert.True((await host.RegisterAsync("dev-3", own.Shown())).IsOk);
        var (lists, token) = (host.Get<IssuerLists>(), TestContext.Current.CancellationToken);
        Assert.True((await host.Get<CaCertificates>().PutAsync(host.Hub.Name, "root", new CertificateUpload(root.Pem, true), IfMatch.Absent, "policy:iothubowner", token)).IsOk);

        var taken = await lists.ImportAsync(host.Hub.Name, root.List(1, lost, own), new IssuerListImport(null, false), "policy:iothubowner", token);

        Assert.True(taken.IsOk, taken.Error?.Message);
        await RefusedAsync(host, "dev-1", lost, RefusalReason.CertificateRevoked);
        await RefusedAsync(host, "dev-3", own, RefusalReason.CertificateRevoked);
        Assert.True((await host.RegisterAsync("dev-2", kept.Shown())).IsOk);

        Assert.True((await lists.RemoveAsync(host.Hub.Name, "root", "policy:iothubowner", token)).IsOk);
        Assert.True((await lists.SetRuleAsync(host.Hub.Name, "root", "refuse", false, "policy:iothubowner", token)).IsOk);
        await RefusedAsync(host, "dev-2", kept, RefusalReason.RevocationListStale);
        Assert.True((await lists.ImportAsync(host.Hub.Name, root.List(2), new IssuerListImport("root", false), "policy:iothubowner", token)).IsOk);
        Assert.True((await host.RegisterAsync("dev-1", lost.Shown())).IsOk);
    }

    private static async Task RevokeAsync(ProvisioningHost host, RevocationRequest request)
    {
        var done = await host.Get<RevocationList>().RevokeAsync(host.Hub.Name, request, "policy:iothubowner", TestContext.Current.CancellationToken);
        Assert.True(done.IsOk, done.Error?.Message);
    }

    private static (string, string) ProvedBy(ProvisioningHost.Answer state) => (state.Text("provedBy.credential"), state.Text("x509.signingCertificateInfo.sha256Thumbprint"));

    private static Task RefusedAsync(ProvisioningHost host, string id, TestCertificate certificate, RefusalReason reason) => RefusedAsync(host, id, certificate.Shown(), reason);

    private static async Task RefusedAsync(ProvisioningHost host, string id, PeerCertificate connection, RefusalReason reason)
    {
        var refused = await host.RegisterAsync(id, connection);

        Assert.Equal((401002, "Invalid certificate"), (refused.Error!.Code, refused.Error.Message));
        Assert.Equal(reason, host.Refusals.Last().Reason);
    }
}
